import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { currentContext, runInContext } from './correlation.ts';

describe('runInContext', () => {
  it('keeps contexts of concurrent work apart, across awaits', async () => {
    const work = (correlationId: string) =>
      runInContext({ correlationId }, async () => {
        await setImmediate();
        return currentContext()?.correlationId;
      });
    expect(await Promise.all([work('one'), work('two')])).toEqual(['one', 'two']);
    expect(currentContext()).toBeUndefined();
  });
});
