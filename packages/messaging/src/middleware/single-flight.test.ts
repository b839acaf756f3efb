import { telegramReply } from '@heavy/contracts';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../delivery.ts';
import type { Outcome } from '../observers.ts';
import { singleFlight } from './single-flight.ts';

const delivery = (id: string, failures = 0): Delivery =>
  ({ envelope: { id, type: telegramReply.type }, failures }) as Delivery;

const controlled = () => {
  const runs: { delivery: Delivery; end: PromiseWithResolvers<Outcome> }[] = [];
  const handle = singleFlight()((one) => {
    const end = Promise.withResolvers<Outcome>();
    runs.push({ delivery: one, end });
    return end.promise;
  });
  return { runs, handle };
};

describe('singleFlight', () => {
  it('joins a redelivery to the run under way', async () => {
    const { runs, handle } = controlled();
    const [first, second] = [handle(delivery('a')), handle(delivery('a'))];
    expect(runs).toHaveLength(1);
    runs[0]?.end.resolve('handled');
    expect(await Promise.all([first, second])).toEqual(['handled', 'duplicate']);
  });

  it('rejects both where the run decides nothing', async () => {
    const { runs, handle } = controlled();
    const both = Promise.allSettled([handle(delivery('a')), handle(delivery('a'))]);
    runs[0]?.end.reject(new Error('undecided'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('runs another attempt after the one under way, not with it', async () => {
    const { runs, handle } = controlled();
    const first = handle(delivery('a', 0));
    const retried = handle(delivery('a', 1));
    expect(runs).toHaveLength(1);
    runs[0]?.end.resolve('retried');
    await first;
    await expect.poll(() => runs.length).toBe(2);
    runs[1]?.end.resolve('handled');
    expect(await retried).toBe('handled');
  });

  it('runs different events side by side, and one again after its end', async () => {
    const { runs, handle } = controlled();
    const [a] = [handle(delivery('a')), handle(delivery('b'))];
    expect(runs).toHaveLength(2);
    runs[0]?.end.resolve('handled');
    await a;
    void handle(delivery('a'));
    expect(runs).toHaveLength(3);
  });
});
