// A provider of the router over the `ai` SDK: any model that SDK knows will do. Sends what the router decided, and
// decides nothing itself.
import type { LlmChunk, LlmProvider, LlmReply, LlmRequest } from '@tidemark/stores';
import { generateText, streamText, type LanguageModel } from 'ai';

export class AiProvider implements LlmProvider {
  readonly name: string;
  readonly #model: (modelId: string) => LanguageModel;

  /** @param model makes the model that a policy names */
  constructor(name: string, model: (modelId: string) => LanguageModel) {
    this.name = name;
    this.#model = model;
  }

  async chat(request: LlmRequest): Promise<LlmReply> {
    const { text, usage } = await generateText(this.#call(request));
    const { inputTokens = 0, outputTokens = 0 } = usage;
    return { content: text, model: request.model, usage: { inputTokens, outputTokens } };
  }

  async *streamChat(request: LlmRequest): AsyncIterable<LlmChunk> {
    const { fullStream } = streamText({ ...this.#call(request), onError: () => {} });
    for await (const part of fullStream) {
      // The SDK ends a stream that failed like one that is complete; a half answer must not pass for a whole one.
      if (part.type === 'error') throw part.error;
      if (part.type === 'text-delta') yield { content: part.text, model: request.model };
    }
  }

  #call({ model, messages, temperature, maxTokens, signal }: LlmRequest): Parameters<typeof generateText>[0] {
    return {
      model: this.#model(model),
      messages: [...messages],
      allowSystemInMessages: true,
      // The caller waits; whether to try again is his to say.
      maxRetries: 0,
      ...(temperature !== undefined && { temperature }),
      ...(maxTokens !== undefined && { maxOutputTokens: maxTokens }),
      ...(signal !== undefined && { abortSignal: signal }),
    };
  }
}
