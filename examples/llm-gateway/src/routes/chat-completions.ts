// `POST /v1/chat/completions`, as clients of OpenAI's API send it. The tenant's policy decides which model answers, and
// is read for every request: `model` is a wish, `auto` is none. With `metadata.conversation_id` the messages continue a
// stored conversation, without it they begin one; the answer says which in `x-conversation-id`.
import { randomUUID } from 'node:crypto';
import type { ChatOptions, LlmRouter } from '@tidemark/stores';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { Exchange } from '../chat/exchange.ts';
import { type GatewayContext, readBody } from './gateway-context.ts';
import { refuse } from './refusal.ts';

/** What the policy says is meant by it. */
const anyModel = 'auto';

/** Fields of other uses are passed over, as such clients expect. */
const requestSchema = z.object({
  model: z.string().default(anyModel),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
  stream: z.boolean().default(false),
  temperature: z.number().optional(),
  max_tokens: z.number().optional(),
  metadata: z.object({ conversation_id: z.string().optional(), task: z.string().optional() }).default({}),
});

type ChatRequest = z.infer<typeof requestSchema>;

type Parts = Parameters<typeof Exchange.begin>[0];

export function chatRoutes(stores: Parts, router: LlmRouter): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();
  routes.post('/', async (context) => {
    const request = await readBody(context, requestSchema);
    const { conversation_id: conversationId } = request.metadata;
    const exchange = await Exchange.begin(stores, {
      caller: context.get('caller'),
      asked: request.messages,
      ...(conversationId !== undefined && { conversationId }),
    });
    const options = routingOf(context, request);
    return request.stream
      ? streamAnswer(context, { exchange, router, options })
      : sendAnswer(context, { exchange, router, options });
  });
  return routes;
}

function routingOf(context: Context<GatewayContext>, request: ChatRequest): ChatOptions {
  const { tenantId, userId } = context.get('caller');
  const { model, temperature, max_tokens: maxTokens, metadata } = request;
  return {
    tenantId,
    userId,
    signal: context.req.raw.signal,
    ...(model !== anyModel && { model }),
    ...(metadata.task !== undefined && { task: metadata.task }),
    ...(temperature !== undefined && { temperature }),
    ...(maxTokens !== undefined && { maxTokens }),
  };
}

interface Asked {
  readonly exchange: Exchange;
  readonly router: LlmRouter;
  readonly options: ChatOptions;
}

async function sendAnswer(
  context: Context<GatewayContext>,
  { exchange, router, options }: Asked,
): Promise<Response> {
  const { content, model, usage } = await router.chat(exchange.messages, options);
  context.header('x-conversation-id', await exchange.keep(content));
  const { inputTokens = 0, outputTokens = 0 } = usage ?? {};
  return context.json({
    ...headOf('chat.completion', model),
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  });
}

async function streamAnswer(
  context: Context<GatewayContext>,
  { exchange, router, options }: Asked,
): Promise<Response> {
  const chunks = router.streamChat(exchange.messages, options)[Symbol.asyncIterator]();
  // The first piece is waited for: a refusal by the policy is then an answer with a status, not the end of a stream.
  const first = await chunks.next();
  const head = headOf('chat.completion.chunk', first.done === true ? undefined : first.value.model);
  return streamSSE(context, async (stream) => {
    const send = (delta: object, finishReason: 'stop' | null): Promise<void> =>
      stream.writeSSE({
        data: JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finishReason }] }),
      });
    let answer = '';
    try {
      for (let chunk = first; chunk.done !== true; chunk = await chunks.next()) {
        answer += chunk.value.content;
        await send({ role: 'assistant', content: chunk.value.content }, null);
      }
      const conversationId = await exchange.keep(answer);
      await send({ conversation_id: conversationId }, 'stop');
      await stream.writeSSE({ data: '[DONE]' });
    } catch (error) {
      await stream.writeSSE({ data: JSON.stringify(refuse(error).body) });
    }
  });
}

function headOf(object: string, model: string | undefined): object {
  const created = Math.floor(Date.now() / 1_000);
  return { id: `chatcmpl-${randomUUID()}`, object, created, model: model ?? 'unknown' };
}
