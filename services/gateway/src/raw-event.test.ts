import { faultOf, telegramRaw } from '@heavy/contracts';
import type { IncomingMessage } from '@heavy/telegram';
import { describe, expect, it } from 'vitest';
import { correlationIdOf, eventIdOf, rawEvent } from './raw-event.ts';

const message: IncomingMessage = {
  chat: { id: -100_2, type: 'supergroup', title: 'Cinema' },
  ...{ id: 7, date: 1_700_000_000, edited: false, text: '.vdl x', entities: [], outgoing: false },
  ...{ sender: { id: 4, name: 'Alice', username: 'alice' }, receivedAt: Date.now() },
};

describe('eventIdOf', () => {
  it('is a function of account, chat, message and date of edit alone', () => {
    const id = eventIdOf(1, message);
    expect(eventIdOf(1, { ...message, text: 'another', receivedAt: 0, sender: { id: 5 } })).toBe(id);
    const others = [
      eventIdOf(2, message),
      eventIdOf(1, { ...message, id: 8 }),
      eventIdOf(1, { ...message, chat: { ...message.chat, id: -100_3 } }),
      eventIdOf(1, { ...message, editDate: 1_700_000_001 }),
    ];
    expect(new Set([id, ...others]).size).toBe(5);
  });

  it('is the same in every process and version', () => {
    expect(eventIdOf(1, message)).toBe('7632f9a8-065d-8d04-a13f-dc5512013623');
    expect(correlationIdOf(1, message)).toBe('b42ba898-ca9d-870c-b8f1-264e624bca88');
  });
});

describe('correlationIdOf', () => {
  it('stays the same when the message is edited', () => {
    expect(correlationIdOf(1, { ...message, editDate: 5 })).toBe(correlationIdOf(1, message));
    expect(correlationIdOf(1, message)).not.toBe(eventIdOf(1, message));
  });
});

describe('rawEvent', () => {
  const raw = (of: IncomingMessage, reply: IncomingMessage | null = null) =>
    rawEvent(1, of, 'vdl', 'admin', reply);

  it.each<[name: string, of: IncomingMessage, reply?: IncomingMessage]>([
    ['a plain command', message],
    ['one in a topic', { ...message, topicId: 5 }],
    ['one that replies', { ...message, replyTo: 6 }, { ...message, id: 6 }],
    ['one that replies to what is gone', { ...message, replyTo: 6 }],
    ['one of an anonymous admin', { ...message, sender: { id: -100_2 } }],
  ])('fits the contract: %s', (_, of, reply) => expect(faultOf(telegramRaw.data, raw(of, reply))).toBeNull());

  it('fits the contract whatever the message holds', () => {
    const long = 'x'.repeat(20_000);
    const entity = { type: 'text_link', offset: 0, length: 1, url: `https://example.com/${long}` };
    const monster: IncomingMessage = {
      ...message,
      ...{ text: `.vdl ${long}`, entities: Array(300).fill(entity), replyTo: 6 },
      chat: { ...message.chat, title: long },
      sender: { id: 4, name: long, username: long },
    };
    const data = raw(monster, { ...monster, id: 6 });
    expect(faultOf(telegramRaw.data, data)).toBeNull();
    // Still too long to be taken for a URL.
    expect(data.message.entities[0]?.url?.length).toBeGreaterThan(2048);
  });

  it('never counts backwards', () => {
    expect(raw({ ...message, receivedAt: Date.now() + 60_000 }).dispatchMs).toBe(0);
  });
});
