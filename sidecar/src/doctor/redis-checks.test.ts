import { describe, expect, it } from 'vitest';
import { parseRedisInfo, type RedisInfo } from '../redis/redis-info.ts';
import { judgeDelay } from './redis-delay.ts';
import { judgeEviction } from './redis-eviction.ts';
import { judgePersistence } from './redis-persistence.ts';
import { judgeRedis, judgeRefusal } from './redis-server.ts';
import { judgeRounds, type ObservedHead } from './rounds.ts';

const info: RedisInfo = {
  version: '7.0.15',
  role: 'master',
  isCluster: false,
  evictionPolicy: 'noeviction',
  maxMemory: 0,
  usedMemory: 0,
  evictedKeys: 0,
  hasAppendOnlyFile: false,
};

it('INFO is read line by line, and what a server leaves out is unknown', () => {
  const text =
    '# Server\r\nredis_version:7.2.4\r\n# Memory\r\nmaxmemory:1048576\r\nused_memory:4096\r\nmaxmemory_policy:allkeys-lru\r\nevicted_keys:7\r\naof_enabled:1\r\nrole:master\r\n';
  expect(parseRedisInfo(text)).toEqual({
    version: '7.2.4',
    role: 'master',
    isCluster: false,
    evictionPolicy: 'allkeys-lru',
    maxMemory: 1_048_576,
    usedMemory: 4_096,
    evictedKeys: 7,
    hasAppendOnlyFile: true,
  });
  expect(parseRedisInfo('')).toEqual({ ...info, version: '', role: '', evictionPolicy: '' });
});

describe('a Redis', () => {
  it.each<[Partial<RedisInfo>, RegExp[]]>([
    [{}, [/^Redis 7\.0\.15 at .* answers as a primary$/]],
    [{ version: '6.2.0' }, [/answers as a primary$/]],
    [{ version: '6.0.20' }, [/must be 6\.2 or newer, got 6\.0\.20/]],
    [{ version: '5.0.7' }, [/must be 6\.2 or newer/]],
    [{ role: 'slave' }, [/must be a primary, got a slave/]],
    [{ isCluster: true }, [/must be a single server/]],
    [{ role: 'slave', isCluster: true }, [/must be a primary/, /must be a single server/]],
  ])('with %j is told so', (changed, sentences) => {
    const judged = judgeRedis(
      { address: 'redis://cache:6379', isClusterWanted: false },
      { ...info, ...changed },
    );
    expect(judged.map(({ sentence }) => sentence)).toEqual(sentences.map((s) => expect.stringMatching(s)));
    expect(judged.every(({ status }) => status === 'ok')).toBe(judged[0]?.sentence.endsWith('a primary'));
  });

  it.each([
    ['WRONGPASS invalid username-password pair', /refuses the credentials/],
    ['NOAUTH Authentication required.', /refuses the credentials/],
    ['connect ECONNREFUSED 127.0.0.1:6379', /can't be reached \(connect ECONNREFUSED/],
  ])('that says %s is told apart', (reason, sentence) => {
    expect(judgeRefusal('redis://cache:6379', reason).sentence).toMatch(sentence);
  });

  it.each<[string, number, string]>([
    ['noeviction', 100, 'ok'],
    ['volatile-ttl', 100, 'ok'],
    ['allkeys-lfu', 100, 'fail'],
    // Nothing is evicted yet.
    ['allkeys-lru', 0, 'warn'],
    ['', 100, 'skipped'],
  ])('with the policy %s and a limit of %i bytes is %s', (evictionPolicy, maxMemory, status) => {
    expect(judgeEviction({ ...info, evictionPolicy, maxMemory }).status).toBe(status);
  });

  it('that is full and evicts nothing refuses writes, and the figures say so', () => {
    const full = { ...info, maxMemory: 1_000, usedMemory: 1_000 };
    expect(judgeEviction(full)).toMatchObject({
      status: 'fail',
      sentence: expect.stringMatching(/1000 bytes used of a maxmemory of 1000.*refuses every write/),
    });
    expect(judgeEviction({ ...full, usedMemory: 999 }).status).toBe('ok');
    expect(judgeEviction({ ...full, evictionPolicy: 'volatile-lru' }).status).toBe('ok');
  });

  it('needs no persistence, with or without a file', () => {
    for (const hasAppendOnlyFile of [true, false]) {
      expect(judgePersistence({ ...info, hasAppendOnlyFile }).status).toBe('ok');
    }
  });

  it('is slow by the median of its answers, not by one of them', () => {
    expect(judgeDelay([1, 1, 900]).status).toBe('ok');
    expect(judgeDelay([900, 26, 1]).sentence).toMatch(/should answer within 25 ms, got 26\.0 ms/);
  });
});

describe('rounds', () => {
  const fine: ObservedHead = {
    namespace: 'main',
    isThere: true,
    stranger: null,
    hasMoved: true,
    isOfThisWatch: true,
  };

  it.each<[Partial<ObservedHead>, RegExp]>([
    [{}, /^rounds are run in main, under the watch of this database$/],
    [
      { isThere: false, hasMoved: false, isOfThisWatch: false },
      /^no round has been run in the namespace main/,
    ],
    [
      { isThere: false, stranger: { key: 'copilot:tidemark:main:head', type: 'hash' }, hasMoved: false },
      /^the key copilot:tidemark:main:head must be the head of the namespace main, got a hash that no sidecar wrote/,
    ],
    [{ hasMoved: false }, /^the head of the namespace main stands still/],
    [{ isOfThisWatch: false }, /follow another watch than this database has/],
  ])('that were seen with %j are judged', (changed, sentence) => {
    expect(judgeRounds([{ ...fine, ...changed }]).map((judged) => judged.sentence)).toEqual([
      expect.stringMatching(sentence),
    ]);
  });
});
