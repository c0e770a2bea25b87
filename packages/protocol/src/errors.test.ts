import { describe, expect, it } from 'vitest';
import { TidemarkError } from './errors.ts';

class StoreError extends TidemarkError {}

describe('an error of Tidemark', () => {
  it('is recognised by its code, and carries its cause', () => {
    const cause = new Error('socket closed');
    const error = new TidemarkError('the source failed', { code: 'SOURCE_FAILED', cause });
    expect(error).toMatchObject({
      name: 'TidemarkError',
      code: 'SOURCE_FAILED',
      message: 'the source failed',
      cause,
    });
  });

  it('without a cause has no such property, so that logs do not show an empty one', () => {
    expect('cause' in new TidemarkError('x', { code: 'X' })).toBe(false);
  });

  it('of a package bears the name of its class', () => {
    expect(new StoreError('x', { code: 'X' }).name).toBe('StoreError');
  });
});
