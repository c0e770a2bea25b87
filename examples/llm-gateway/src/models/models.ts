// Which models there are: a remote service and one in the house, both spoken to in the dialect of OpenAI. Without their
// URLs the example answers by itself, with the mock model of the `ai` SDK, so that it runs offline.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LlmProvider } from '@tidemark/stores';
import type { LanguageModel } from 'ai';
import { AiProvider } from './ai-provider.ts';
import { offlineModel } from './offline-model.ts';

/** Where data leaves the house. */
export const remoteProvider = 'remote';

/** As policies name what keeps data in the house. */
const localProvider = 'local';

export const defaultModel = 'large';

type Variables = Readonly<Record<string, string | undefined>>;

/** `REMOTE_LLM_URL` with `REMOTE_LLM_KEY`, and `LOCAL_LLM_URL` (a server of Ollama or vLLM, say). */
export function createProviders(env: Variables): readonly LlmProvider[] {
  return [
    new AiProvider(remoteProvider, modelsOf(remoteProvider, env['REMOTE_LLM_URL'], env['REMOTE_LLM_KEY'])),
    new AiProvider(localProvider, modelsOf(localProvider, env['LOCAL_LLM_URL'], undefined)),
  ];
}

function modelsOf(
  name: string,
  url: string | undefined,
  key: string | undefined,
): (modelId: string) => LanguageModel {
  if (url === undefined || url === '') return (modelId) => offlineModel(name, modelId);
  return createOpenAICompatible({ name, baseURL: url, ...(key !== undefined && { apiKey: key }) });
}
