import { describe, expect, it } from 'vitest';
import { oneAfterAnother } from './one-after-another.ts';

describe('oneAfterAnother', () => {
  it('begins with the next of a key when the one before has ended, also where that failed', async () => {
    const inTurn = oneAfterAnother();
    const gates = { a: Promise.withResolvers<void>(), b: Promise.withResolvers<void>() };
    const said: string[] = [];
    const work = (name: string, gate: Promise<void>) => async () => {
      said.push(`${name} begins`);
      await gate.finally(() => said.push(`${name} ends`));
    };
    const first = inTurn('x', work('a', gates.a.promise));
    const second = inTurn('x', work('b', gates.b.promise));
    const other = inTurn('y', work('c', Promise.resolve()));
    await other;
    gates.a.reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    gates.b.resolve();
    await second;
    expect(said).toEqual(['a begins', 'c begins', 'c ends', 'a ends', 'b begins', 'b ends']);
  });
});
