// Guards of packages/stores, as they stand there, and the tests that miss them.
import type { Mutation } from './mutation.ts';

const stores = 'packages/stores/src';
const cachingPolicies = `${stores}/policy/caching-policy-store`;
const cachingConfigs = `${stores}/config/caching-config-store`;
const cachingConversations = `${stores}/conversation/caching-conversation-store`;

/** In place of a schema: believes everything. */
const believing =
  "schema: { '~standard': { version: 1, vendor: '', validate: (value) => ({ value: value as never }) } },";

export const storeMutations: readonly Mutation[] = [
  {
    keeps: '#4',
    file: `${stores}/control/backend.ts`,
    guard: 'if (mode.isMemoryAllowed) {',
    instead: 'if (mode !== undefined) {',
    test: {
      file: `${stores}/policy/create-policy-store.test.ts`,
      name: 'memory is refused when no environment is given',
    },
  },
  {
    keeps: '#5',
    file: `${stores}/policy/supabase-policy-store.ts`,
    guard: 'if (policy.tenantId !== id) throw',
    instead: "if (policy.tenantId === '') throw",
    test: {
      file: `${stores}/policy/supabase-policy-store.test.ts`,
      name: 'of another tenant is an error and never an answer (R4)',
    },
  },
  {
    keeps: '#5',
    file: `${stores}/policy/supabase-policy-store.ts`,
    guard: ".delete()\n        .filter('tenant_id', 'in', formatList([id]))",
    instead: ".delete()\n        .neq('tenant_id', '')",
    test: {
      file: `${stores}/policy/policy-store.stack.test.ts`,
      name: 'tenants do not see each other, whatever their ids look like',
      suite: `${stores}/testing/policy-store-suite.ts`,
    },
  },
  {
    keeps: '#6',
    file: `${cachingPolicies}.ts`,
    guard: 'await this.#policies.write(parsed.tenantId, () => this.#backing.setPolicy(parsed, options));',
    instead: 'await this.#backing.setPolicy(parsed, options);',
    test: { file: `${cachingPolicies}.test.ts`, name: 'is followed by the new policy' },
  },
  {
    keeps: '#6',
    file: `${cachingPolicies}.ts`,
    guard: 'await this.#policies.write(parsed.tenantId, () => this.#backing.setPolicy(parsed, options));',
    instead:
      'await this.#policies.write(parsed.tenantId, async () => {}); await this.#backing.setPolicy(parsed, options);',
    test: {
      file: `${cachingPolicies}.test.ts`,
      name: 'that a read overlaps leaves nothing old: the database comes first (R3)',
    },
  },
  {
    keeps: '#6',
    file: `${cachingPolicies}.ts`,
    guard: 'await this.#policies.write(id, () => this.#backing.deletePolicy(id));',
    instead: 'await this.#backing.deletePolicy(id); await this.#policies.write(id, async () => {});',
    test: {
      file: `${cachingPolicies}.test.ts`,
      name: 'that is a delete of unknown outcome invalidates too (R3)',
    },
  },
  {
    keeps: '#6',
    file: `${cachingPolicies}.ts`,
    guard: 'schema: policySchema,',
    instead: believing,
    test: {
      file: `${stores}/policy/policy-store.stack.test.ts`,
      name: 'is not believed when it holds what no policy may be',
    },
  },
  {
    keeps: '#31',
    file: `${cachingPolicies}.ts`,
    guard: 'ttlSeconds: ttlRules.policy.defaultSeconds,',
    instead: 'ttlSeconds: 86_400,',
    test: {
      file: `${stores}/policy/policy-store.stack.test.ts`,
      name: 'holds the policy of %s under %s, for the TTL at most',
    },
  },
  {
    keeps: '#8',
    file: `${stores}/config/merge-config.ts`,
    guard: '    ...tenant?.fields,\n    ...user?.fields,\n',
    instead: '    ...user?.fields,\n    ...tenant?.fields,\n',
    test: {
      file: `${stores}/config/in-memory-config-store.test.ts`,
      name: 'after any history an unset field equals the next wider level, for everybody',
      suite: `${stores}/testing/config-store-suite.ts`,
    },
  },
  {
    keeps: '#8',
    file: `${stores}/config/config-row.ts`,
    guard: 'if (!asked.has(key))',
    instead: "if (key === '')",
    test: {
      file: `${stores}/config/supabase-config-store.test.ts`,
      name: '%s are an error and never an answer (R4)',
    },
  },
  {
    keeps: '#10',
    file: `${cachingConfigs}.ts`,
    guard:
      'await this.#levels.write(globalKey, () => this.#backing.setGlobalConfig(change.config, change.updatedBy));',
    instead: 'await this.#backing.setGlobalConfig(change.config, change.updatedBy);',
    test: { file: `${cachingConfigs}.test.ts`, name: 'is followed by the new config (R3)' },
  },
  {
    keeps: '#10',
    file: `${cachingConfigs}.ts`,
    guard: 'await this.#levels.write(scopeKeyOf(change), () => this.#backing.setUserConfig(change));',
    instead: 'await this.#levels.write(change.tenantId, () => this.#backing.setUserConfig(change));',
    test: { file: `${cachingConfigs}.test.ts`, name: 'is followed by the new config (R3)' },
  },
  {
    keeps: '#10',
    file: `${cachingConfigs}.ts`,
    guard: 'await this.#levels.write(scopeKeyOf(change), () => this.#backing.setTenantConfig(change));',
    instead:
      'await this.#levels.write(scopeKeyOf(change), async () => {}); await this.#backing.setTenantConfig(change);',
    test: {
      file: `${cachingConfigs}.test.ts`,
      name: 'that a read overlaps leaves nothing old: the database comes first (R3)',
    },
  },
  {
    keeps: '#10',
    file: `${cachingConfigs}.ts`,
    guard: "if (typeof tenantId !== 'string' || tenantId === globalScope) return undefined;",
    instead: "if (typeof tenantId !== 'string') return undefined;",
    test: {
      file: `${cachingConfigs}.test.ts`,
      name: 'that is refused asks nobody, also with everything in L1',
    },
  },
  {
    keeps: '#10',
    file: `${cachingConfigs}.ts`,
    guard: 'schema: levelSchema,',
    instead: believing,
    test: {
      file: `${stores}/config/config-store.stack.test.ts`,
      name: 'is not believed when it holds what no config may be',
    },
  },
  {
    keeps: '#10',
    file: `${stores}/config/merge-config.ts`,
    guard: ' && kept.global === global && kept.tenant === tenant',
    test: {
      file: `${stores}/config/merge-config.test.ts`,
      name: 'a row that was replaced at any level is merged anew, though it says the same',
    },
  },
  {
    keeps: '#31',
    file: `${cachingConfigs}.ts`,
    guard: 'ttlSeconds: ttlRules.config.defaultSeconds,',
    instead: 'ttlSeconds: 86_400,',
    test: {
      file: `${stores}/config/config-store.stack.test.ts`,
      name: 'holds each level under its key, for the TTL at most, "no row" too',
    },
  },
  {
    keeps: '#12',
    file: `${stores}/conversation/reading-rule.ts`,
    guard:
      '  if (conversation.tenantId !== caller.tenantId) return false;\n  if (conversation.userId === undefined) return true;',
    instead: '  if (conversation.userId === undefined) return true;',
    test: { file: `${stores}/conversation/reading-rule.test.ts`, name: 'is read by ' },
  },
  {
    keeps: '#12',
    file: `${stores}/conversation/reading-rule.ts`,
    guard: '  if (conversation.tenantId !== caller.tenantId) return false;\n  const isOwner',
    instead: '  const isOwner',
    test: {
      file: `${stores}/conversation/reading-rule.test.ts`,
      name: 'is always written by $role, in its own tenant',
    },
  },
  {
    keeps: '#12',
    file: `${stores}/conversation/reading-rule.ts`,
    guard: "if (write.kind === 'share' || write.kind === 'archive') return isOwner;",
    test: {
      file: `${stores}/conversation/reading-rule.test.ts`,
      name: 'is changed by its owner alone: $kind',
    },
  },
  {
    keeps: '#12',
    file: `${stores}/conversation/supabase-conversation-store.ts`,
    guard: '.filter((conversation) => mayRead(conversation, caller))',
    test: {
      file: `${stores}/conversation/supabase-conversation-store.test.ts`,
      name: 'with what is not for the caller is not shown, whatever sent it (R4, #12)',
    },
  },
  {
    keeps: '#12',
    file: `${stores}/conversation/supabase-conversation-store.ts`,
    guard: 'const answer = await send(toAccessFacts(conversation));',
    instead: 'const answer = await send(toAccessFacts(conversation)); return answer;',
    test: {
      file: `${stores}/conversation/supabase-conversation-store.test.ts`,
      name: 'is decided again on what is there now (#12)',
    },
  },
  {
    keeps: '#13',
    file: `${cachingConversations}.ts`,
    guard: 'return conversation !== null && mayRead(conversation, caller) ? conversation : null;',
    instead: 'return conversation !== null && caller !== undefined ? conversation : null;',
    test: {
      file: `${cachingConversations}.test.ts`,
      name: 'is shown to its owner alone once its sharing is withdrawn',
    },
  },
  {
    keeps: '#13',
    file: `${cachingConversations}.ts`,
    guard: 'return this.writeRow(parsed.conversationId, () => this.#backing.appendMessage(parsed));',
    instead: 'return this.#backing.appendMessage(parsed);',
    test: { file: `${cachingConversations}.test.ts`, name: 'is followed by what it wrote (R3, #13)' },
  },
  {
    keeps: '#13',
    file: `${cachingConversations}.ts`,
    guard: 'return this.writeRow(parsed.conversationId, () => this.#backing.softDeleteMessage(parsed));',
    instead: 'return this.#backing.softDeleteMessage(parsed);',
    test: { file: `${cachingConversations}.test.ts`, name: 'is followed by what it wrote (R3, #13)' },
  },
  {
    keeps: '#13',
    file: `${cachingConversations}.ts`,
    guard: 'return this.writeRow(parsed.conversationId, () => this.#backing.updateSharing(parsed));',
    instead:
      'await this.writeRow(parsed.conversationId, async () => {}); return this.#backing.updateSharing(parsed);',
    test: {
      file: `${cachingConversations}.test.ts`,
      name: 'that a read overlaps leaves nothing old: the database comes first (R3, #13)',
    },
  },
  {
    keeps: '#13',
    file: `${cachingConversations}.ts`,
    guard: 'return this.writeRow(parsed.conversationId, () => this.#backing.setArchivedState(parsed));',
    instead:
      'await this.#backing.setArchivedState(parsed); return this.writeRow(parsed.conversationId, async () => {});',
    test: {
      file: `${cachingConversations}.test.ts`,
      name: 'of unknown outcome invalidates: the next read shows what the database holds (R3, #13)',
    },
  },
  {
    keeps: '#13',
    file: `${cachingConversations}.ts`,
    guard: 'schema: conversationSchema,',
    instead: believing,
    test: {
      file: `${stores}/conversation/conversation-store.stack.test.ts`,
      name: 'is not believed when it holds what no conversation may be (#44)',
    },
  },
  {
    keeps: '#31',
    file: `${cachingConversations}.ts`,
    guard: 'ttlSeconds: ttlRules.conversation.defaultSeconds,',
    instead: 'ttlSeconds: 86_400,',
    test: {
      file: `${stores}/conversation/conversation-store.stack.test.ts`,
      name: 'holds a conversation under its id, for a minute at most (#31)',
    },
  },
];
