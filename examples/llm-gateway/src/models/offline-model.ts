// A model that needs no network: says who it is and repeats the last message, word by word when streamed. Enough to see
// where a request went.
import { simulateReadableStream, type LanguageModel } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';

type Call = Parameters<MockLanguageModelV4['doGenerate']>[0];

const finishReason = { unified: 'stop', raw: undefined } as const;

export function offlineModel(provider: string, modelId: string): LanguageModel {
  const answer = (call: Call): string => `${provider}/${modelId} heard: ${lastText(call)}`;
  return new MockLanguageModelV4({
    provider,
    modelId,
    doGenerate: async (call) => {
      const text = answer(call);
      return { content: [{ type: 'text', text }], finishReason, usage: usageOf(call, text), warnings: [] };
    },
    doStream: async (call) => {
      const text = answer(call);
      return {
        stream: simulateReadableStream({
          initialDelayInMs: null,
          chunkDelayInMs: null,
          chunks: [
            { type: 'stream-start', warnings: [] },
            { type: 'text-start', id: '0' },
            ...text.split(/(?<= )/).map((delta) => ({ type: 'text-delta', id: '0', delta }) as const),
            { type: 'text-end', id: '0' },
            { type: 'finish', finishReason, usage: usageOf(call, text) },
          ],
        }),
      };
    },
  });
}

function lastText({ prompt }: Call): string {
  const content = prompt.at(-1)?.content ?? [];
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** By words: near enough for a model that only talks back. */
function usageOf({ prompt }: Call, text: string) {
  const count = (words: string): number => words.split(/\s+/).length;
  return {
    inputTokens: { total: count(JSON.stringify(prompt)), noCache: undefined, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: count(text), text: undefined, reasoning: 0 },
  };
}
