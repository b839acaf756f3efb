import { faultOf, telegramMessage, telegramRaw } from '@heavy/contracts';
import type { IncomingMessage } from '@heavy/telegram';
import { describe, expect, it } from 'vitest';
import { correlationIdOf, eventIdOf, messageEvent, messageEventIdOf, rawEvent } from './raw-event.ts';

const message: IncomingMessage = {
  chat: { id: -100_2, type: 'supergroup', title: 'Cinema' },
  ...{ id: 7, date: 1_700_000_000, edited: false, text: '.vdl x', entities: [], outgoing: false },
  ...{ sender: { id: 4, name: 'Alice', username: 'alice' }, receivedAt: Date.now() },
};

describe('eventIdOf', () => {
  it('is a function of account, chat and message alone', () => {
    const id = eventIdOf(1, message);
    const another = {
      ...message,
      text: 'another',
      receivedAt: 0,
      sender: { id: 5 },
      editDate: 1_700_000_001,
    };
    expect(eventIdOf(1, another)).toBe(id);
    const others = [
      eventIdOf(2, message),
      eventIdOf(1, { ...message, id: 8 }),
      eventIdOf(1, { ...message, chat: { ...message.chat, id: -100_3 } }),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
  });

  it('is the same in every process and version', () => {
    expect(eventIdOf(1, message)).toBe('458d5736-8f5d-8322-8b22-bba36e74143b');
    expect(correlationIdOf(1, message)).toBe('b42ba898-ca9d-870c-b8f1-264e624bca88');
  });
});

describe('messageEventIdOf', () => {
  it('is another for each edit, and never that of the command', () => {
    const ids = [message, { ...message, editDate: 5 }, { ...message, editDate: 6 }].map((of) =>
      messageEventIdOf(1, of),
    );
    expect(new Set([...ids, eventIdOf(1, message)]).size).toBe(4);
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
    rawEvent(1, of, 'vdl', { role: 'admin', rateLimited: false }, reply);

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

  it('says in which chat the message is that it replies to, where that is another', () => {
    const of = { ...message, replyTo: 6 };
    expect(raw({ ...of, replyToChat: -77 }).reply).toEqual({ messageId: 6, chatId: -77 });
    expect(raw({ ...of, replyToChat: of.chat.id }).reply).toEqual({ messageId: 6 });
  });

  it('never counts backwards', () => {
    expect(raw({ ...message, receivedAt: Date.now() + 60_000 }).dispatchMs).toBe(0);
  });
});

describe('messageEvent', () => {
  it.each<[name: string, of: IncomingMessage]>([
    ['a plain message', message],
    ['an edited answer with a video', { ...message, editDate: 5, replyTo: 6, media: { kind: 'video' } }],
    ['media without a text', { ...message, text: '', media: { kind: 'photo' } }],
    ['a text that is too long', { ...message, text: 'x'.repeat(20_000) }],
  ])('fits the contract: %s', (_, of) =>
    expect(faultOf(telegramMessage.data, messageEvent(1, of))).toBeNull(),
  );

  it('carries what the message is, apart from its text', () => {
    const { message: data } = messageEvent(1, {
      ...message,
      ...{ editDate: 5, replyTo: 6, topicId: 3, media: { kind: 'audio', mime: 'audio/mpeg' } },
    });
    expect(data).toMatchObject({ id: 7, editDate: 5, replyTo: 6, topicId: 3, media: 'audio' });
  });
});
