// Guards of the stores' rows: in the migrations, and in the stores that are never cached. And the tests that miss them.
import type { Mutation } from './mutation.ts';

const stores = 'packages/stores/src';
const migrations = 'supabase/migrations/20261121';
const tests = 'supabase/tests';
const conversationFunctions = `${migrations}000750_conversation_functions.sql`;

export const storeTableMutations: readonly Mutation[] = [
  {
    keeps: '#3',
    file: `${migrations}000500_tenant_llm_policies.sql`,
    guard:
      '  constraint tenant_llm_policies_egress_mode_is_known check (copilot_private.is_egress_mode(egress_mode)),\n',
    test: { file: `${tests}/tenant-llm-policies.stack.test.ts`, name: 'what it refuses (#22)' },
  },
  {
    keeps: '#11',
    file: conversationFunctions,
    guard: `    where c.tenant_id = list_conversations.tenant_id
      and copilot_private.has_status(c, list_conversations.status)`,
    instead: '    where copilot_private.has_status(c, list_conversations.status)',
    test: {
      file: `${stores}/conversation/conversation-store.stack.test.ts`,
      name: 'of the tenant alone',
      suite: `${stores}/testing/conversation-list-suite.ts`,
    },
  },
  {
    keeps: '#12',
    file: conversationFunctions,
    guard: '      and copilot_private.may_read(c, list_conversations.user_id)\n',
    test: {
      file: `${stores}/conversation/conversation-store.stack.test.ts`,
      name: 'in pages on which nothing takes up room that may not be read (#12)',
      suite: `${stores}/testing/conversation-list-suite.ts`,
    },
  },
  {
    keeps: '#12',
    file: conversationFunctions,
    guard: `append_message.conversation_id and copilot_private.access_facts(c) = append_message.facts
      and p.id`,
    instead: `append_message.conversation_id
      and p.id`,
    test: {
      file: `${tests}/conversation-functions.stack.test.ts`,
      name: 'that was decided on another %s does nothing',
    },
  },
  {
    keeps: '#11',
    file: conversationFunctions,
    guard: '  for update;\n\n  -- A conversation that SQL created',
    instead: '  ;\n\n  -- A conversation that SQL created',
    test: {
      file: `${tests}/conversation-functions.stack.test.ts`,
      name: 'that waited for another path to become the active one goes there',
    },
  },
  {
    keeps: '#13',
    file: `${stores}/path/invalidating-path-store.ts`,
    guard:
      'return this.#conversations.writeRow(parsed.conversationId, () => this.#backing.setActivePath(parsed));',
    instead: 'return this.#backing.setActivePath(parsed);',
    test: {
      file: `${stores}/path/invalidating-path-store.test.ts`,
      name: 'is followed by the new conversation (R3)',
    },
  },
  {
    keeps: '#13',
    file: `${stores}/path/invalidating-path-store.ts`,
    guard: 'return this.#conversations.writeRow(path.conversationId, write);',
    instead:
      'const answer = await write(); await this.#conversations.writeRow(path.conversationId, async () => {}); return answer;',
    test: {
      file: `${stores}/path/invalidating-path-store.test.ts`,
      name: 'invalidates also when its outcome is unknown (R3)',
    },
  },
  {
    keeps: '#14',
    file: `${migrations}000900_conversation_contexts.sql`,
    guard: 'copilot_private.distinct_ids(context.active_node_ids || excluded.active_node_ids)',
    instead: 'excluded.active_node_ids',
    test: {
      file: `${tests}/contexts.stack.test.ts`,
      name: 'takes the nodes of a merge that waited for another one, and loses none (#14)',
    },
  },
  {
    keeps: '#14',
    file: `${stores}/context/supabase-context-store.ts`,
    guard: "        .filter('tenant_id', 'in', formatList([owner.tenantId]))\n",
    test: {
      file: `${stores}/context/context-stores.stack.test.ts`,
      name: 'to show, save or merge for another tenant',
      suite: `${stores}/testing/context-store-suite.ts`,
    },
  },
  {
    keeps: '#15',
    file: `${migrations}000800_conversation_path_reads.sql`,
    guard: `  select copilot_private.path_with_counts(p)
  from copilot_internal.conversation_paths p
  where p.id = of_path and p.tenant_id = of_tenant`,
    instead: `  select copilot_private.path_with_counts(p)
  from copilot_internal.conversation_paths p
  where p.id = of_path`,
    test: {
      file: `${stores}/path/path-store.stack.test.ts`,
      name: 'tells a tenant nothing of another (#15)',
      suite: `${stores}/testing/path-refusals-suite.ts`,
    },
  },
  {
    keeps: '#15',
    file: `${stores}/path/supabase-path-store.ts`,
    guard: 'if (path.tenantId === tenantId) return path;',
    instead: 'if (path !== null) return path;',
    test: {
      file: `${stores}/path/supabase-path-store.test.ts`,
      name: 'of another tenant is an error and never an answer: %s (R4)',
    },
  },
  {
    keeps: '#16',
    file: `${stores}/execution/supabase-execution-context-store.ts`,
    guard: 'if (contexts.some((context) => !isOf(context, owner))) {',
    instead: 'if (contexts.some((context) => isOf(context, owner) === undefined)) {',
    test: {
      file: `${stores}/execution/supabase-execution-context-store.test.ts`,
      name: '%s with the row of another is an error (R4)',
    },
  },
  {
    keeps: '#16',
    file: `${migrations}001000_execution_contexts.sql`,
    guard: 'do update set is_current = context.is_current',
    instead: 'do nothing',
    test: {
      file: `${tests}/contexts.stack.test.ts`,
      name: 'a create that waited for another one returns the row of the other (#16)',
    },
  },
  {
    keeps: '#16',
    file: `${migrations}001000_execution_contexts.sql`,
    guard: 'where id = context_id and copilot_private.is_live(context)\n  returning',
    instead: 'where id = context_id\n  returning',
    test: {
      file: `${tests}/contexts.stack.test.ts`,
      name: 'a touch that waited past its expiry does not call it back',
    },
  },
  {
    keeps: '#17',
    file: `${stores}/router/resolve-route.ts`,
    guard: `  const entry = policy.allowRemoteEgress
    ? entries[0]
    : entries.find(({ provider }) => provider === localProvider);`,
    instead: '  const entry = entries[0];',
    test: { file: `${stores}/router/resolve-route.test.ts`, name: '$what (#17)' },
  },
  {
    keeps: '#17',
    file: `${stores}/router/resolve-route.ts`,
    guard: 'if (!policy.allowRemoteEgress && policy.defaultProvider !== localProvider) {',
    instead: "if (policy.defaultProvider === '') {",
    test: {
      file: `${stores}/router/llm-router.test.ts`,
      name: 'when data may not leave and nothing local is named',
    },
  },
  {
    keeps: '#21',
    file: `${migrations}000500_tenant_llm_policies.sql`,
    guard: "'tenant_id', array['copilot:llm:policy']",
    instead: "'default_model', array['copilot:llm:policy']",
    test: {
      file: `${stores}/policy/policy-coherence.stack.test.ts`,
      name: 'is read through another soon, and never the old one after the new (R1, R2)',
    },
  },
  {
    keeps: '#23',
    file: `${migrations}000600_conversation_configs.sql`,
    guard: 'and (user_id is null or user_id = (select copilot_private.token_user_id()))',
    instead: '',
    test: {
      file: `${tests}/conversation-configs.stack.test.ts`,
      name: '%s: the levels that apply, never the row of another user or tenant',
    },
  },
  {
    keeps: '#23',
    file: `${migrations}000700_conversations.sql`,
    guard: "select copilot_private.reserve_table('copilot_internal.conversation_messages');\n",
    test: {
      file: `${tests}/conversation-functions.stack.test.ts`,
      name: 'is closed by row level security too, should somebody grant it',
    },
  },
  {
    keeps: '#30',
    file: `${stores}/cached-store/cached-store.ts`,
    guard: 'isEnabled: options.isEnabled ?? true,',
    instead: 'isEnabled: true,',
    test: {
      file: `${stores}/policy/caching-policy-store.test.ts`,
      name: 'every read asks the backing store',
    },
  },
  {
    keeps: '#34',
    file: `${stores}/auth/auth-validation-cache.ts`,
    guard: 'await this.#region.write(id, async () => this.#l2?.remove(id));',
    instead: 'await this.#l2?.remove(id);',
    test: {
      file: `${stores}/auth/auth-validation-cache.test.ts`,
      name: 'is forgotten by hand, and so is what a check finds that was under way (R2, R3)',
    },
  },
  {
    keeps: '#34',
    file: `${stores}/auth/auth-validation-cache.ts`,
    guard: '    this.#hold.hold(id);\n',
    test: {
      file: `${stores}/auth/auth-validation-cache.fault.test.ts`,
      name: 'after a removal that never arrived, is not read by who removed it',
    },
  },
  {
    keeps: '#35',
    file: `${stores}/rate-limit/rate-limiter.ts`,
    guard: 'return isWithin ?? this.#checkHere(key);',
    instead: 'return isWithin ?? true;',
    test: {
      file: `${stores}/redis/redis-parts.fault.test.ts`,
      name: 'the limiter counts here, says so once, and counts with the others again afterwards (#35, R4, R6)',
    },
  },
  {
    keeps: '#36',
    file: `${stores}/events/event-hub.ts`,
    guard: 'else if (event.instanceId === this.#instanceId) this.#stopWaiting(true);\n',
    instead:
      'else if (event.instanceId === this.#instanceId) { this.#stopWaiting(true); this.#deliver(name, event); }\n',
    test: {
      file: `${stores}/events/event-hub.fault.test.ts`,
      name: 'an own message that comes back is heard once',
    },
  },
];
