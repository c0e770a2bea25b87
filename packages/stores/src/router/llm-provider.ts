// What the router needs of a provider of language models. Small on purpose: an adapter to any client library is a few
// lines.

export const messageRoles = ['system', 'user', 'assistant'] as const;

export interface LlmMessage {
  readonly role: (typeof messageRoles)[number];
  readonly content: string;
}

/** A request as it leaves: everything is decided, the text is what may be sent. */
export interface LlmRequest {
  readonly model: string;
  readonly messages: readonly LlmMessage[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly signal?: AbortSignal;
}

export interface LlmReply {
  readonly content: string;
  /** Which model answered, where the provider says so. */
  readonly model?: string;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number };
}

/** A piece of a streamed reply. */
export interface LlmChunk {
  readonly content: string;
  /** As of a reply. */
  readonly model?: string;
}

export interface LlmProvider {
  /** As policies name it. The one that keeps data in the house is called `local`. */
  readonly name: string;
  chat(request: LlmRequest): Promise<LlmReply>;
  streamChat(request: LlmRequest): AsyncIterable<LlmChunk>;
}
