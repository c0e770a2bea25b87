// GET over a connection that is kept: an answer as JSON, with a deadline. Owns the sockets.
import { Agent, request } from 'node:http';

export interface JsonReply {
  readonly status: number;
  readonly body: unknown;
}

/** Above everything a healthy part needs; a frozen instance does not answer at all. */
const deadlineMs = 15_000;

export class HttpJson {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** @throws what the socket says, or that no answer came in time */
  get(path: string): Promise<JsonReply> {
    const { promise, resolve, reject } = Promise.withResolvers<JsonReply>();
    const asked = request(`${this.#origin}${path}`, { agent: this.#agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown });
        } catch (error) {
          reject(
            new Error(`${this.#origin}${path} answered with something else than JSON`, { cause: error }),
          );
        }
      });
    });
    asked.setTimeout(deadlineMs, () => {
      asked.destroy(new Error(`${this.#origin}${path} did not answer within ${deadlineMs} ms`));
    });
    asked.on('error', reject);
    asked.end();
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
