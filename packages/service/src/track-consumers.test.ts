import type { Broker, Consumer } from '@heavy/messaging';
import { describe, expect, it, vi } from 'vitest';
import { trackConsumers } from './track-consumers.ts';

const createWorld = () => {
  const consumer = { queue: 'q', consuming: true, close: vi.fn(async () => undefined) };
  const broker = { connected: true, consume: async (): Promise<Consumer> => consumer } as Partial<Broker>;
  return { consumer, broker: broker as Broker, tracker: trackConsumers() };
};

describe('trackConsumers', () => {
  it('misses a consumer that is not delivered to, until its owner has closed it', async () => {
    const { consumer, broker, tracker } = createWorld();
    const own = await tracker.track(broker).consume({ name: 'q', bindings: [] }, []);
    expect(tracker.check(broker)).toEqual({ ok: true });
    consumer.consuming = false;
    expect(own.consuming).toBe(false);
    expect(tracker.check(broker)).toEqual({ ok: false, detail: 'not consuming q' });
    await own.close({ graceMs: 5 });
    expect(consumer.close).toHaveBeenCalledWith({ graceMs: 5 });
    expect(tracker.check(broker)).toEqual({ ok: true });
    await tracker.drain(10);
    expect(consumer.close).toHaveBeenCalledOnce();
  });

  it('drains those that are left', async () => {
    const { consumer, broker, tracker } = createWorld();
    await tracker.track(broker).consume({ name: 'q', bindings: [] }, []);
    await tracker.drain(10);
    expect(consumer.close).toHaveBeenCalledWith({ graceMs: 10 });
  });
});
