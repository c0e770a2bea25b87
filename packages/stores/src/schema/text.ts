// The texts that every store takes: ids and names. One place, because an id that one store accepts and another refuses
// could be written but never read. Never trims or changes a text: what was given is what is stored.
import * as z from 'zod';

/** PostgreSQL counts characters as code points, so do we: `length` would refuse what SQL accepts. */
export const maxIdCharacters = 200;

/** The level above all tenants has this name in keys and rows, so that no tenant may have it. */
export const globalScope = 'global';

/** Any text, an empty one too. NUL and lone surrogates are refused here because PostgreSQL refuses them, less clearly. */
export const textSchema: z.ZodType<string> = z
  .string({ error: 'must be a text' })
  .refine(isStorable, { error: 'must not contain NUL or half of a surrogate pair' });

/** A name: not empty. */
export const nameSchema: z.ZodType<string> = z
  .string({ error: 'must be a non-empty text' })
  .min(1, { error: 'must be a non-empty text', abort: true })
  .refine(isStorable, { error: 'must not contain NUL or half of a surrogate pair' });

export const idSchema: z.ZodType<string> = z
  .string({ error: `must be a text of 1 to ${maxIdCharacters} characters` })
  .refine(hasIdLength, { error: `must be a text of 1 to ${maxIdCharacters} characters`, abort: true })
  .refine(isStorable, { error: 'must not contain NUL or half of a surrogate pair' });

export const tenantIdSchema: z.ZodType<string> = idSchema.refine((id) => id !== globalScope, {
  error: 'must not be the name of the level above all tenants',
});

export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}

function hasIdLength(id: string): boolean {
  // No text has more code points than UTF-16 units, or fewer than half of them: a huge text is not spread out.
  return id.length > 0 && id.length <= 2 * maxIdCharacters && Array.from(id).length <= maxIdCharacters;
}
