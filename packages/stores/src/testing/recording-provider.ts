// A provider that keeps what it was sent, and answers with it.
import type { LlmChunk, LlmProvider, LlmReply, LlmRequest } from '../router/llm-provider.ts';

export class RecordingProvider implements LlmProvider {
  readonly name: string;
  readonly requests: LlmRequest[] = [];

  constructor(name: string) {
    this.name = name;
  }

  async chat(request: LlmRequest): Promise<LlmReply> {
    this.requests.push(request);
    return { content: `${this.name} says ${request.model}` };
  }

  async *streamChat(request: LlmRequest): AsyncIterable<LlmChunk> {
    this.requests.push(request);
    yield { content: this.name };
    yield { content: request.model };
  }
}
