import { EventEmitter } from 'node:events';
import type { Channel, ConsumeMessage } from 'amqplib';
import { describe, expect, it } from 'vitest';
import { acknowledgeOn } from './acknowledgements.ts';

class FakeChannel extends EventEmitter {
  readonly frames: string[] = [];
  ack({ fields }: ConsumeMessage, upTo = false) {
    this.frames.push(`ack ${fields.deliveryTag}${upTo ? ' and before' : ''}`);
  }
  reject({ fields }: ConsumeMessage, requeue: boolean) {
    this.frames.push(`reject ${fields.deliveryTag} ${requeue}`);
  }
}

const open = (count: number) => {
  const channel = new FakeChannel();
  const acks = acknowledgeOn(channel as unknown as Channel);
  const messages = Array.from(
    { length: count },
    (_, index) => ({ fields: { deliveryTag: index + 1 } }) as ConsumeMessage,
  );
  for (const message of messages) acks.delivered(message);
  const done = (...tags: number[]) => {
    for (const tag of tags) acks.done(messages[tag - 1]!);
  };
  return { channel, acks, messages, done };
};

describe('acknowledgeOn', () => {
  it('acknowledges all before the lowest that is under way with one frame', () => {
    const { channel, acks, done } = open(5);
    done(2, 1, 3, 5);
    acks.flush();
    expect(channel.frames).toEqual(['ack 3 and before', 'ack 5']);
    done(4);
    acks.flush();
    expect(channel.frames.at(-1)).toBe('ack 4 and before');
  });

  it('never acknowledges one that is still being handled', () => {
    const { channel, acks, done } = open(4);
    done(2, 3, 4);
    acks.flush();
    expect(channel.frames).toEqual(['ack 2', 'ack 3', 'ack 4']);
  });

  it('goes past one that was given back', () => {
    const { channel, acks, messages, done } = open(3);
    acks.requeue(messages[0]!);
    done(2, 3);
    acks.flush();
    expect(channel.frames).toEqual(['reject 1 true', 'ack 3 and before']);
  });

  it('flushes by itself within a turn of the event loop', async () => {
    const { channel, done } = open(1);
    done(1);
    await expect.poll(() => channel.frames).toEqual(['ack 1 and before']);
  });

  it('sends nothing on a channel that has closed', () => {
    const { channel, acks, messages, done } = open(2);
    done(1);
    channel.emit('close');
    acks.flush();
    done(2);
    acks.requeue(messages[1]!);
    acks.flush();
    expect(channel.frames).toEqual([]);
  });
});
