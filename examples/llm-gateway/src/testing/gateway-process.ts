// The gateway as a process of its own, and a client of one user to it.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface GatewayAddress {
  readonly supabaseUrl: string;
  readonly serviceRoleKey: string;
  readonly jwtSecret: string;
  readonly redisUrl: string;
}

export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
}

export async function startGateway(
  { supabaseUrl, serviceRoleKey, jwtSecret, redisUrl }: GatewayAddress,
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const child: ChildProcess = fork(new URL('../main.ts', import.meta.url), {
    execArgv: ['--conditions=@tidemark/source'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      PORT: '0',
      SUPABASE_URL: supabaseUrl,
      SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
      SUPABASE_JWT_SECRET: jwtSecret,
      REDIS_URL: redisUrl,
      ENABLE_CONVERSATION_CACHING: 'true',
      REQUESTS_PER_MINUTE: '1000000',
      ...env,
    },
  });
  const exited = once(child, 'exit');
  const listening = once(child, 'message') as Promise<[{ readonly port: number }]>;
  const [message] = await Promise.race([
    listening,
    exited.then(([code]) => Promise.reject(new Error(`the gateway ended with ${String(code)}`))),
  ]);
  return {
    url: `http://127.0.0.1:${message.port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** One user at one instance. */
export class GatewayClient {
  readonly #url: string;
  readonly #token: string;

  constructor({ url }: { readonly url: string }, token: string) {
    this.#url = url;
    this.#token = token;
  }

  fetch(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, body: headers.get('content-type')?.includes('json') ? JSON.parse(text) : text };
  }

  /** @throws Error with the answer, unless it is one of success */
  async must(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.ask(method, path, body);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  chat(content: string, more: object = {}): Promise<Answer> {
    const messages = [{ role: 'user', content }];
    return this.ask('POST', '/v1/chat/completions', { model: 'auto', messages, ...more });
  }
}
