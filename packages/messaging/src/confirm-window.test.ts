import { EventEmitter } from 'node:events';
import type { ConfirmChannel } from 'amqplib';
import { describe, expect, it, vi } from 'vitest';
import { createConfirmWindow, type Outgoing } from './confirm-window.ts';
import { BrokerClosed } from './errors.ts';

/** The two things of a channel that the window uses; its confirms are given by hand. */
class FakeChannel extends EventEmitter {
  readonly sent: { id: string; confirm: (error: Error | null) => void }[] = [];
  publish(
    _exchange: string,
    _key: string,
    body: Buffer,
    _options: object,
    confirm: (error: unknown) => void,
  ) {
    this.sent.push({ id: body.toString(), confirm });
    return true;
  }
  get ids() {
    return this.sent.map(({ id }) => id);
  }
}

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const message = (id: string): Outgoing => ({
  exchange: 'heavy',
  routingKey: 'key',
  body: Buffer.from(id),
  type: 'type',
  properties: { messageId: id },
});

const open = (size: number) => {
  const window = createConfirmWindow({
    size,
    log,
    signal: new AbortController().signal,
    onReturn: () => undefined,
  });
  const attach = () => {
    const channel = new FakeChannel();
    window.attach(channel as unknown as ConfirmChannel);
    return channel;
  };
  return { window, attach };
};

describe('createConfirmWindow', () => {
  it('keeps no more than its size ahead of the confirms', async () => {
    const { window, attach } = open(2);
    const channel = attach();
    const all = ['a', 'b', 'c'].map((id) => window.send(message(id)));
    expect(channel.ids).toEqual(['a', 'b']);
    channel.sent[1]?.confirm(null);
    await all[1];
    expect(channel.ids).toEqual(['a', 'b', 'c']);
  });

  it('sends what is unconfirmed again on the next channel, in order, and ignores the old one', async () => {
    const { window, attach } = open(3);
    const first = attach();
    const all = ['a', 'b', 'c'].map((id) => window.send(message(id)));
    first.sent[1]?.confirm(null);
    window.detach();
    const second = attach();
    expect(second.ids).toEqual(['a', 'c']);
    first.sent[0]?.confirm(new Error('channel closed'));
    for (const { confirm } of second.sent) confirm(null);
    await expect(Promise.all(all)).resolves.toHaveLength(3);
  });

  it('sends again what the broker refused', async () => {
    const { window, attach } = open(3);
    const channel = attach();
    const sent = window.send(message('a'));
    channel.sent[0]?.confirm(new Error('message nacked'));
    await vi.waitFor(() => expect(channel.ids).toEqual(['a', 'a']));
    channel.sent[1]?.confirm(null);
    await sent;
  });

  it('sends nothing while paused, and does not take the pause for a missing confirm', () => {
    const { window, attach } = open(3);
    const channel = attach();
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      window.send(message('a')).catch(() => undefined);
      vi.setSystemTime(Date.now() + 1000);
      expect(window.oldestUnconfirmedMs()).toBe(1000);
      window.setPaused(true);
      window.send(message('b')).catch(() => undefined);
      vi.setSystemTime(Date.now() + 60_000);
      expect(channel.ids).toEqual(['a']);
      expect(window.oldestUnconfirmedMs()).toBe(0);
      window.setPaused(false);
      expect(channel.ids).toEqual(['a', 'b']);
      expect(window.oldestUnconfirmedMs()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('rejects what is left when it closes, those without room included', async () => {
    const { window, attach } = open(1);
    attach();
    const all = Promise.allSettled(['a', 'b'].map((id) => window.send(message(id))));
    window.close();
    for (const result of await all) expect(result).toMatchObject({ reason: expect.any(BrokerClosed) });
    await expect(window.send(message('c'))).rejects.toThrow(BrokerClosed);
    await window.idle();
  });
});
