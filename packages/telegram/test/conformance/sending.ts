import { beforeEach, describe, expect, it } from 'vitest';
import { randomIdFrom, type TelegramAccount } from '../../src/index.ts';
import { nextHeard, type Stage } from './stage.ts';

export const sendingConformance = (stage: Stage): void => {
  let account: TelegramAccount;
  const alice = () => stage.dc.world.user('alice');
  const heavy = () => stage.dc.world.user('heavy');
  const texts = () => stage.club.messages().map(({ text }) => text);
  const send = (text: string, more: { replyTo?: number; key?: string } = {}) =>
    account.sendText({
      chatId: stage.club.id,
      text,
      randomId: randomIdFrom(more.key ?? text),
      ...(more.replyTo !== undefined && { replyTo: more.replyTo }),
    });

  describe('sendText', () => {
    beforeEach(async () => {
      account = await stage.connected({ callTimeoutMs: 3000 });
    });

    it('sends to each kind of chat and tells the id', async () => {
      const privately = stage.dc.world.privateChat(alice(), heavy());
      alice().in('heavy').says('hello'); // one cannot be written to before one has been seen
      for (const [chat, chatId] of [
        [privately, alice().id],
        [stage.club, stage.club.id],
        [stage.cinema, stage.cinema.id],
      ] as const) {
        const sent = await account.sendText({ chatId, text: 'hi', randomId: 5n });
        const there = chat.messages().at(-1)!;
        expect(there).toMatchObject({ text: 'hi', from: heavy() });
        expect(sent).toEqual({ messageId: there.idFor(heavy()), duplicate: false });
      }
    });

    it('answers a message, in its topic', async () => {
      const asked = alice().in('Cinema', { topic: 'News' }).says('.vdl');
      const topicId = stage.cinema.topic('News').id;
      const where = { chatId: stage.cinema.id, topicId };
      await account.sendText({ ...where, text: 'answer', replyTo: asked.idFor(heavy()), randomId: 1n });
      await account.sendText({ ...where, text: 'no answer', randomId: 2n });
      const [, answer, other] = stage.cinema.messages();
      expect(answer).toMatchObject({ text: 'answer', topic: { title: 'News' }, replyTo: asked });
      expect(other).toMatchObject({ text: 'no answer', topic: { title: 'News' }, replyTo: undefined });
    });

    it('marks text with entities', async () => {
      const entities = [
        { type: 'bold', offset: 0, length: 4 },
        { type: 'text_link', offset: 5, length: 4, url: 'http://site.test/' },
        { type: 'mention_name', offset: 10, length: 5, userId: alice().id },
        { type: 'pre', offset: 16, length: 4, language: 'python' },
        { type: 'expandable_blockquote', offset: 21, length: 5 },
        { type: 'custom_emoji', offset: 27, length: 2, documentId: '5368324170671202286' },
      ];
      const heard = nextHeard(account);
      alice().in('Film club').says('so that she has been seen');
      await heard;
      const text = 'bold link alice code quote 👍';
      await account.sendText({ chatId: stage.club.id, text, entities, randomId: 1n });
      expect(stage.club.messages().at(-1)?.entities).toEqual(entities);
    });

    it('recognises a repeat and tells the first one’s id', async () => {
      const asked = alice().in('Film club').says('.vdl').idFor(heavy());
      await send('another answer', { replyTo: asked });
      const first = await send('…', { replyTo: asked });
      await send('a third', { replyTo: asked });
      expect(await send('…', { replyTo: asked })).toEqual({ messageId: first.messageId, duplicate: true });
      expect(texts()).toEqual(['.vdl', 'another answer', '…', 'a third']);
      expect(await send('a third')).toEqual({ messageId: null, duplicate: true });
    });

    it('sends once where the connection drops before the call is applied', async () => {
      stage.dc.faults.add({ method: 'messages.SendMessage', drop: 'before' });
      expect(await send('once')).toMatchObject({ duplicate: false });
      expect(texts()).toEqual(['once']);
    });

    it('sends once where the connection drops after the call is applied', async () => {
      const asked = alice().in('Film club').says('.vdl').idFor(heavy());
      stage.dc.faults.add({ method: 'messages.SendMessage', drop: 'after' });
      const sent = await send('once', { replyTo: asked });
      expect(sent).toEqual({ messageId: stage.club.messages().at(-1)!.idFor(heavy()), duplicate: true });
      expect(texts()).toEqual(['.vdl', 'once']);
    });

    it('rejects with CallTimedOut where the answer is swallowed, and may be repeated then', async () => {
      stage.dc.faults.add({ method: 'messages.SendMessage', swallow: true });
      await expect(send('quiet')).rejects.toMatchObject({
        name: 'CallTimedOut',
        method: 'messages.SendMessage',
      });
      expect(await send('quiet')).toMatchObject({ duplicate: true });
      expect(texts()).toEqual(['quiet']);
    });

    it.each([
      { error: [420, 'FLOOD_WAIT_17'], name: 'FloodWait', seconds: 17 },
      { error: [420, 'SLOWMODE_WAIT_8'], name: 'SlowMode', seconds: 8 },
      { error: [400, 'PEER_FLOOD'], name: 'PeerFlood', code: 'PEER_FLOOD' },
      { error: [403, 'CHAT_WRITE_FORBIDDEN'], name: 'Refused', code: 'CHAT_WRITE_FORBIDDEN' },
      { error: [500, 'INTERNAL'], name: 'TelegramUnavailable', code: 'INTERNAL' },
    ] as const)('rejects with $name for $error', async ({ error, ...expected }) => {
      stage.dc.faults.add({ method: 'messages.SendMessage', error });
      await expect(send('x')).rejects.toMatchObject({ ...expected, method: 'messages.SendMessage' });
      expect(account.state).toBe('connected');
      expect(await send('x')).toMatchObject({ duplicate: false });
    });

    it('sends the others where one of several at once is refused', async () => {
      stage.dc.faults.add({ method: 'messages.SendMessage', error: [420, 'FLOOD_WAIT_17'] });
      const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((text) => send(text)));
      expect(outcomes.map(({ status }) => status).sort()).toEqual([
        'fulfilled',
        'fulfilled',
        'fulfilled',
        'rejected',
      ]);
      expect(texts()).toHaveLength(3);
    });
  });

  describe('editText, deleteMessages, react', () => {
    beforeEach(async () => {
      account = await stage.connected();
    });

    it.each(['club', 'cinema'] as const)('change a message in the %s', async (which) => {
      const chat = stage[which];
      const sent = await account.sendText({ chatId: chat.id, text: '…', randomId: 1n });
      const messageId = sent.messageId!;
      const [message] = chat.messages();

      const edit = {
        chatId: chat.id,
        messageId,
        text: 'done',
        entities: [{ type: 'code', offset: 0, length: 4 }],
      };
      await account.editText(edit);
      expect(message).toMatchObject({ text: 'done', entities: edit.entities });
      await account.editText(edit); // Telegram refuses this one, since it changes nothing

      await account.react(chat.id, messageId, '👍');
      expect(message?.reactions).toMatchObject([{ emoji: '👍', from: { name: 'heavy' } }]);
      await account.react(chat.id, messageId, null);
      expect(message?.reactions).toEqual([]);

      await account.deleteMessages(chat.id, [messageId]);
      expect(message?.deleted).toBe(true);
      await account.deleteMessages(chat.id, [messageId]);
    });

    it('deletes more messages than one call takes', async () => {
      const ids = Array.from({ length: 150 }, (_, i) => heavy().in('Cinema').says(String(i)).idFor(heavy()));
      await account.deleteMessages(stage.cinema.id, ids);
      expect(stage.cinema.messages()).toEqual([]);
    });
  });
};
