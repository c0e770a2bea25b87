// Routes requests to language models by the tenant's policy, which is read anew for each of them: once `getPolicy` is
// fresh, so is what the tenant's requests may do. Fails closed: without a sure policy nothing is sent.
import { silentLogger, type Logger } from '@tidemark/protocol';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { describeNodeEnv } from '../control/runtime-mode.ts';
import { EnvironmentError, RoutingError } from '../errors.ts';
import { egressModeSchema } from '../policy/policy-schema.ts';
import type { LlmPolicyStore } from '../policy/policy-store.ts';
import { localProvider, type EgressMode } from '../policy/policy.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import { parseInput } from '../schema/parse.ts';
import type { LlmChunk, LlmMessage, LlmProvider, LlmReply, LlmRequest } from './llm-provider.ts';
import { toOutgoing } from './outgoing-text.ts';
import { resolveRoute, type Route, type RouterDefaults } from './resolve-route.ts';
import { messagesSchema, routingOptionsSchema, type RoutingOptions } from './routing-options.ts';
import { redactSensitiveText, type Sanitize } from './sanitizer.ts';

export interface LlmRouterOptions {
  /** Without one every request gets the defaults; only development and test may do that. */
  readonly policyStore?: LlmPolicyStore;
  readonly providers: readonly LlmProvider[];
  readonly defaultProvider: string;
  readonly defaultModel: string;
  /** Default `enforce`. */
  readonly baseEgressMode?: EgressMode;
  /** Default {@link redactSensitiveText}. */
  readonly sanitize?: Sanitize;
  readonly logger?: Logger;
  /** Read for `NODE_ENV` when there is no policy store. Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
}

const optionNames: Readonly<Record<keyof LlmRouterOptions, true>> = {
  policyStore: true,
  providers: true,
  defaultProvider: true,
  defaultModel: true,
  baseEgressMode: true,
  sanitize: true,
  logger: true,
  env: true,
};

export interface ChatOptions extends RoutingOptions {
  readonly signal?: AbortSignal;
}

export interface LlmRouter {
  /** Where such a request would go now. Sends nothing. */
  route(options?: ChatOptions): Promise<Route>;

  /**
   * @throws InvalidInputError, RoutingError, whatever the policy store throws (nothing was sent then), and whatever
   *   the provider throws
   */
  chat(messages: readonly LlmMessage[], options?: ChatOptions): Promise<LlmReply>;

  /** As `chat`; begins, and reads the policy, when the first chunk is asked for. */
  streamChat(messages: readonly LlmMessage[], options?: ChatOptions): AsyncIterable<LlmChunk>;
}

/** @throws EnvironmentError when there is no policy store outside development and test */
export function createLlmRouter(options: LlmRouterOptions): LlmRouter {
  refuseUnknownOptions('createLlmRouter', options, optionNames);
  return new PolicyRouter(options);
}

class PolicyRouter implements LlmRouter {
  readonly #policyStore: LlmPolicyStore | undefined;
  readonly #providers: ReadonlyMap<string, LlmProvider>;
  readonly #defaults: RouterDefaults;
  readonly #sanitize: Sanitize;
  readonly #logger: Logger;

  constructor(options: LlmRouterOptions) {
    if (options.policyStore === undefined) refuseOutsideDevelopment(options.env);
    this.#policyStore = options.policyStore;
    this.#providers = new Map(options.providers.map((provider) => [provider.name, provider]));
    this.#defaults = {
      provider: options.defaultProvider,
      model: options.defaultModel,
      egressMode: parseInput(egressModeSchema, 'baseEgressMode', options.baseEgressMode ?? 'enforce'),
    };
    this.#sanitize = options.sanitize ?? redactSensitiveText;
    this.#logger = (options.logger ?? silentLogger).child({ component: 'llm-router' });
    this.#providerFor(this.#defaults.provider);
  }

  async route(options: ChatOptions = {}): Promise<Route> {
    const { signal, ...asked } = options;
    const routing = parseInput(routingOptionsSchema, 'options', asked);
    const policy =
      routing.tenantId === undefined || this.#policyStore === undefined
        ? null
        : await this.#policyStore.getPolicy(routing.tenantId, signal && { signal });
    const route = resolveRoute(policy, routing, this.#defaults);
    this.#providerFor(route.provider);
    return route;
  }

  async chat(messages: readonly LlmMessage[], options: ChatOptions = {}): Promise<LlmReply> {
    const { provider, request } = await this.#prepare(messages, options);
    return provider.chat(request);
  }

  async *streamChat(messages: readonly LlmMessage[], options: ChatOptions = {}): AsyncIterable<LlmChunk> {
    const { provider, request } = await this.#prepare(messages, options);
    yield* provider.streamChat(request);
  }

  async #prepare(
    messages: readonly LlmMessage[],
    options: ChatOptions,
  ): Promise<{ provider: LlmProvider; request: LlmRequest }> {
    const checked = parseInput(messagesSchema, 'messages', messages);
    const route = await this.route(options);
    const provider = this.#providerFor(route.provider);
    const logger = this.#logger.child({
      ...(options.tenantId !== undefined && { tenantId: options.tenantId }),
      ...(options.task !== undefined && { task: options.task }),
    });
    if (route.requestedMode !== route.effectiveMode) {
      const { requestedMode, effectiveMode } = route;
      logger.debug({ requestedMode, effectiveMode }, 'egress mode off is not allowed here');
    }
    const { effectiveMode: mode, model, temperature, maxTokens } = route;
    return {
      provider,
      request: {
        model,
        messages: await toOutgoing(checked, { mode, sanitize: this.#sanitize, logger }),
        ...(temperature !== undefined && { temperature }),
        ...(maxTokens !== undefined && { maxTokens }),
        ...(options.signal !== undefined && { signal: options.signal }),
      },
    };
  }

  #providerFor(name: string): LlmProvider {
    const provider = this.#providers.get(name);
    if (provider !== undefined) return provider;
    const known = Array.from(this.#providers.keys(), (key) => JSON.stringify(key)).join(', ');
    throw new RoutingError(
      name === localProvider ? 'LOCAL_PROVIDER_MISSING' : 'PROVIDER_UNKNOWN',
      `provider must be one of ${known}, got ${JSON.stringify(name)}: pass it to createLlmRouter in providers`,
    );
  }
}

function refuseOutsideDevelopment(env: EnvironmentVariables | undefined): void {
  const { mode } = parseCacheControl(env);
  if (mode.isMemoryAllowed) return;
  throw new EnvironmentError([
    'createLlmRouter needs a policyStore outside NODE_ENV=development and test ' +
      `(${describeNodeEnv(mode)}): pass the one of createPolicyStore, requests without policies would leave unchecked`,
  ]);
}
