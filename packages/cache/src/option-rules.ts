// What an option may be, one rule each: a wrong one is refused when the cache or region is made, with a sentence that says
// what to write. Types say most of it already; who writes JavaScript has only this.
import { isKeyPrefix, isNamespaceName, isReservedName, TidemarkError } from '@tidemark/protocol';

export function refuseUnknown(where: string, options: object, known: ReadonlySet<string>): void {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw new TidemarkError(`${where} has no option "${name}"; it has ${[...known].join(', ')}`, {
        code: 'OPTION_UNKNOWN',
      });
    }
  }
}

export function requireKeyPrefix(keyPrefix: string): string {
  if (isKeyPrefix(keyPrefix)) return keyPrefix;
  throw new TidemarkError(
    `keyPrefix must be at most 100 characters without spaces, "*", "?", "[", "]" and "\\", got ${JSON.stringify(keyPrefix)}: the sidecar takes no other`,
    { code: 'OPTION_INVALID' },
  );
}

export function requireName(option: string, name: string): string {
  if (name !== '' && !/\s/.test(name)) return name;
  throw new TidemarkError(`${option} must be a name without spaces, got ${JSON.stringify(name)}`, {
    code: 'OPTION_INVALID',
  });
}

/** A region there could overwrite heads and logs. */
export function requireRegionName(name: string): string {
  if (!isReservedName(name)) return requireName('name', name);
  throw new TidemarkError(
    `name must not be "tidemark" or begin with "tidemark:", got ${JSON.stringify(name)}: choose another`,
    { code: 'OPTION_INVALID' },
  );
}

export function requireNamespace(namespace: string): string {
  if (isNamespaceName(namespace)) return namespace;
  throw new TidemarkError(
    `namespace must be 1 to 32 of a-z, 0-9, "_", "-" and begin with a letter, got ${JSON.stringify(namespace)}: tidemark.track takes no other`,
    { code: 'OPTION_INVALID' },
  );
}

export function requireLoad<L>(load: L): L {
  if (typeof load === 'function') return load;
  throw new TidemarkError(
    `load must be a function that reads the source, got ${typeof load}: give it beside loadMany, too`,
    { code: 'OPTION_INVALID' },
  );
}

export function requireLoadMany<L>(loadMany: L | undefined): L | undefined {
  if (loadMany === undefined || typeof loadMany === 'function') return loadMany;
  throw new TidemarkError(`loadMany must be a function that reads many at once, got ${typeof loadMany}`, {
    code: 'OPTION_INVALID',
  });
}

export function requireSchema<S>(schema: S): S {
  if (schema === undefined || '~standard' in new Object(schema)) return schema;
  throw new TidemarkError(
    `schema must be a Standard Schema, as those of zod and valibot are, got ${typeof schema}`,
    { code: 'OPTION_INVALID' },
  );
}

/** A text such as 'false', from an environment, would count as true. */
export function requireFlag(option: string, flag: boolean): boolean {
  if (typeof flag === 'boolean') return flag;
  throw new TidemarkError(`${option} must be true or false, got ${JSON.stringify(flag)}`, {
    code: 'OPTION_INVALID',
  });
}

export function requireTable(table: string): string {
  if (typeof table !== 'string') {
    throw new TidemarkError(`table must be a text, got ${typeof table}: write schema.table`, {
      code: 'OPTION_INVALID',
    });
  }
  // Records carry tables as keys of JSON objects, and JSON.parse of V8 13 can take such a key for another one.
  if (table.includes('\\')) {
    throw new TidemarkError(
      `table must have no backslash in its name, got ${JSON.stringify(table)}: rename it, for the journal refuses such names`,
      { code: 'OPTION_INVALID' },
    );
  }
  if (/^[^.]+\..+$/.test(table)) return table;
  throw new TidemarkError(
    `table must be written schema.table, as the journal names it, got ${JSON.stringify(table)}; for example public.${table}`,
    { code: 'OPTION_INVALID' },
  );
}

export function requirePart(option: string, part: number | undefined): number | undefined {
  if (part === undefined || (part > 0 && part < 1)) return part;
  throw new TidemarkError(`${option} must be a part of the TTL between 0 and 1, got ${part}: try 0.8`, {
    code: 'OPTION_INVALID',
  });
}

/** So many entries has a Map of V8 at most. */
const mostCount = 2 ** 24;

export function requireCount(option: string, count: number): number {
  if (Number.isSafeInteger(count) && count > 0 && count <= mostCount) return count;
  throw new TidemarkError(`${option} must be a whole number from 1 to ${mostCount}, got ${count}`, {
    code: 'OPTION_INVALID',
  });
}
