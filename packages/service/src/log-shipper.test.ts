import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogShipper, type LogBroker } from './log-shipper.ts';

const fakeBroker = () => {
  const sent: string[] = [];
  const listeners: ((connected: boolean) => void)[] = [];
  const broker = {
    connected: true,
    room: Number.POSITIVE_INFINITY,
    sent,
    publishLog(routingKey: string, body: Buffer) {
      if (!broker.connected || broker.room <= 0) return false;
      broker.room -= 1;
      sent.push(`${routingKey} ${body}`);
      return true;
    },
    onState(listener: (connected: boolean) => void) {
      listeners.push(listener);
      return () => undefined;
    },
    reconnect() {
      broker.connected = true;
      for (const listener of listeners) listener(true);
    },
  };
  return broker satisfies LogBroker;
};

describe('createLogShipper', () => {
  const onDrop = vi.fn();
  const onRecovered = vi.fn();
  const shipper = (capacity = 3) => createLogShipper({ service: 'one', capacity, onDrop, onRecovered });
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.clearAllMocks();
  });

  it('keeps lines until there is a broker, and then sends them in order', () => {
    const one = shipper();
    const broker = fakeBroker();
    one.ship('info', 'a');
    one.ship('warn', 'b');
    one.attach(broker);
    one.ship('info', 'c');
    expect(broker.sent).toEqual(['logs.one.info a', 'logs.one.warn b', 'logs.one.info c']);
    expect(onRecovered).not.toHaveBeenCalled();
  });

  it('drops and counts the oldest lines while the broker is away, and tells once when it is back', () => {
    const one = shipper();
    const broker = fakeBroker();
    broker.connected = false;
    one.attach(broker);
    for (const line of 'abcde') one.ship('info', line);
    expect(broker.sent).toEqual([]);
    expect(onDrop).toHaveBeenCalledTimes(2);
    onRecovered.mockImplementation(() => one.ship('warn', 'lost some'));
    broker.reconnect();
    vi.advanceTimersByTime(1000);
    expect(onRecovered.mock.calls).toEqual([[2]]);
    expect(broker.sent).toEqual([
      'logs.one.info c',
      'logs.one.info d',
      'logs.one.info e',
      'logs.one.warn lost some',
    ]);
  });

  it('waits while the broker takes no more, and loses no order', () => {
    const one = shipper();
    const broker = fakeBroker();
    broker.room = 1;
    one.attach(broker);
    for (const line of 'abc') one.ship('info', line);
    expect(broker.sent).toEqual(['logs.one.info a']);
    broker.room = 10;
    one.ship('info', 'd');
    vi.advanceTimersByTime(200);
    expect(broker.sent.map((line) => line.at(-1)).join('')).toBe('abcd');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('drains what is left, and gives up at the limit', async () => {
    const one = shipper();
    const broker = fakeBroker();
    broker.room = 0;
    one.attach(broker);
    one.ship('info', 'a');
    const hopeless = one.drain(100);
    await vi.advanceTimersByTimeAsync(200);
    await hopeless;
    expect(broker.sent).toEqual([]);
    broker.room = 1;
    await one.drain(100);
    expect(broker.sent).toEqual(['logs.one.info a']);
  });
});
