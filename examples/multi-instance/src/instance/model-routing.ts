// What the router of an instance is made of besides the policies: the providers it can reach and what holds for a tenant
// without a policy. The providers here echo; yours call a model.
import type { LlmProvider, RouterDefaults } from '@tidemark/stores';

export const routerDefaults: RouterDefaults = {
  provider: 'openai',
  model: 'gpt-4o-mini',
  egressMode: 'enforce',
};

export const providers: readonly LlmProvider[] = ['openai', 'anthropic', 'local'].map(echoProvider);

function echoProvider(name: string): LlmProvider {
  return {
    name,
    chat: async ({ model, messages }) => ({ content: `${model}: ${messages.at(-1)?.content ?? ''}` }),
    async *streamChat({ model, messages }) {
      yield { content: `${model}: ` };
      yield { content: messages.at(-1)?.content ?? '' };
    },
  };
}
