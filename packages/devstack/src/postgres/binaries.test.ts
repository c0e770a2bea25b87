import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isReachable } from '../processes/server-folder.ts';
import { copyForOthers, findPostgresBinaries } from './binaries.ts';

const somebody = { uid: 12_345, gid: 12_345 };

let folder: string;

beforeEach(() => {
  folder = mkdtempSync('/tmp/tidemark-binaries-');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the programs of the installed package are found, with the version of PostgreSQL', () => {
  const { initdb, postgres, version } = findPostgresBinaries();
  expect([existsSync(initdb), existsSync(postgres)]).toEqual([true, true]);
  expect(version).toMatch(/^\d+\.\d+/);
});

test.skipIf(process.getuid?.() !== 0)('as root they run as somebody else', () => {
  expect(findPostgresBinaries().user?.uid).not.toBe(0);
});

describe('a folder', () => {
  test('is reachable for others when it and all folders above it let them in', () => {
    const inner = path.join(folder, 'inner');
    mkdirSync(inner, { mode: 0o755 });
    chmodSync(folder, 0o755);
    expect(isReachable(inner, somebody)).toBe(true);
    chmodSync(folder, 0o700);
    expect(isReachable(inner, somebody)).toBe(false);
    expect(isReachable(inner, statSync(folder))).toBe(true);
  });

  test('that is not is copied to where it is, once', () => {
    mkdirSync(path.join(folder, 'private', 'bin'), { recursive: true, mode: 0o700 });
    writeFileSync(path.join(folder, 'private', 'bin', 'postgres'), '#!/bin/sh\n', { mode: 0o700 });
    chmodSync(folder, 0o755);
    const copy = path.join(folder, 'copy');
    copyForOthers(path.join(folder, 'private'), copy);
    copyForOthers(path.join(folder, 'private'), copy);
    expect(isReachable(path.join(copy, 'bin'), somebody)).toBe(true);
    expect(statSync(path.join(copy, 'bin', 'postgres')).mode & 0o777).toBe(0o755);
    expect(readdirSync(folder).toSorted()).toEqual(['copy', 'private']);
  });

  test.skipIf(process.getuid?.() !== 0)('that somebody else put there is not trusted', () => {
    const copy = path.join(folder, 'copy');
    mkdirSync(copy);
    chownSync(copy, somebody.uid, somebody.gid);
    expect(() => copyForOthers(folder, copy)).toThrow(`${copy} belongs to another user: remove it`);
  });
});
