import { describe, expect, it, vi } from 'vitest';
import type { TelegramAccount } from '../../src/index.ts';
import { nextHeard, type Stage } from './stage.ts';

export const incomingConformance = (stage: Stage): void => {
  describe('onMessage', () => {
    const hear = async (account: TelegramAccount, act: () => unknown) => {
      const heard = nextHeard(account);
      act();
      return heard;
    };
    const alice = () => stage.dc.world.user('alice');
    const heavy = () => stage.dc.world.user('heavy');

    it('hears a private chat, and names who writes', async () => {
      const account = await stage.connected();
      const before = Date.now();
      const message = await hear(account, () => alice().in('heavy').says('.vdl http://site.test/a'));
      expect(message).toMatchObject({
        chat: { id: alice().id, type: 'private' },
        text: '.vdl http://site.test/a',
        entities: [{ type: 'url', offset: 5, length: 18 }],
        sender: { id: alice().id, name: 'Alice', username: 'alice' },
        outgoing: false,
        edited: false,
      });
      expect(message.receivedAt).toBeGreaterThanOrEqual(before);
      expect(Math.abs(message.date - before / 1000)).toBeLessThan(5);
      expect(message).not.toHaveProperty('replyTo');
      expect(message).not.toHaveProperty('topicId');
    });

    it('hears a basic group', async () => {
      const account = await stage.connected();
      const message = await hear(account, () => alice().in('Film club').says('hello'));
      expect(message).toMatchObject({
        chat: { id: stage.club.id, type: 'group', title: 'Film club' },
        sender: { id: alice().id, name: 'Alice' },
      });
    });

    it('hears a supergroup, with topic and reply', async () => {
      const account = await stage.connected();
      const topicId = stage.cinema.topic('News').id;
      const said = alice().in('Cinema', { topic: 'News' });
      const first = await hear(account, () => said.says('a film'));
      expect(first).toMatchObject({
        chat: { id: stage.cinema.id, type: 'supergroup', title: 'Cinema' },
        topicId,
      });
      expect(first).not.toHaveProperty('replyTo');

      const [there] = stage.cinema.messages();
      const answer = await hear(account, () => said.says('.vdl', { replyTo: there! }));
      expect(answer).toMatchObject({ topicId, replyTo: first.id });
      const general = await hear(account, () => alice().in('Cinema').says('outside'));
      expect(general).not.toHaveProperty('topicId');
    });

    it('hears what the account itself writes in another client', async () => {
      const account = await stage.connected();
      const there = await hear(account, () => heavy().in('alice').says('.adl'));
      expect(there).toMatchObject({ outgoing: true, chat: { id: alice().id }, sender: { id: heavy().id } });
      const inGroup = await hear(account, () => heavy().in('Film club').says('.adl'));
      expect(inGroup).toMatchObject({
        outgoing: true,
        chat: { id: stage.club.id },
        sender: { id: heavy().id },
      });
    });

    it('hears what the account sends over another session, and not over its own', async () => {
      const [account, sender] = await Promise.all([stage.connected(), stage.connected()]);
      const own: string[] = [];
      sender.onMessage(({ text }) => own.push(text));
      await hear(account, () => sender.sendText({ chatId: stage.club.id, text: 'mine', randomId: 1n }));
      await hear(sender, () => alice().in('Film club').says('hers'));
      expect(own).toEqual(['hers']);
    });

    it('hears edits', async () => {
      const account = await stage.connected();
      await hear(account, () => alice().in('Film club').says('.vld'));
      const said = stage.club.messages().at(-1)!;
      const message = await hear(account, () => alice().edits(said, '.vdl'));
      expect(message).toMatchObject({ text: '.vdl', edited: true, id: said.idFor(heavy()) });
      expect(message.editDate).toBeGreaterThan(0);
    });

    it('names who writes, in order, also when Telegram takes them for known from before a restart', async () => {
      const session = stage.dc.world.mintSession('heavy');
      const before = await stage.connected({ session });
      await hear(before, () => alice().in('Film club').says('hello'));
      await before.close();

      const account = await stage.connected({ session });
      const heard: string[] = [];
      account.onMessage(({ text, edited, sender, chat }) =>
        heard.push(`${sender.name} in ${chat.title}: ${text}${edited ? ' (edited)' : ''}`),
      );
      const said = alice().in('Film club').says('one');
      alice().edits(said, 'two');
      alice().in('Film club').says('three');
      await vi.waitFor(() => expect(heard).toHaveLength(3));
      expect(heard).toEqual([
        'Alice in Film club: one',
        'Alice in Film club: two (edited)',
        'Alice in Film club: three',
      ]);
    });

    it('hears media with its kind and size', async () => {
      const account = await stage.connected();
      const bytes = Buffer.alloc(2000);
      const message = await hear(account, () =>
        alice()
          .in('heavy')
          .sends({ kind: 'video', bytes, durationS: 1, width: 32, height: 18, caption: 'look' }),
      );
      expect(message).toMatchObject({
        text: 'look',
        media: { kind: 'video', mime: 'video/mp4', sizeBytes: 2000 },
      });
    });

    it('goes on when a listener throws, and stops when asked', async () => {
      const account = await stage.connected();
      account.onMessage(() => {
        throw new Error('a faulty listener');
      });
      const heard: string[] = [];
      const stop = account.onMessage(({ text }) => heard.push(text));
      await hear(account, () => alice().in('heavy').says('one'));
      stop();
      await hear(account, () => alice().in('heavy').says('two'));
      expect(heard).toEqual(['one']);
    });
  });

  describe('getMessage', () => {
    it('finds a message in each kind of chat, and null for one that is not there', async () => {
      const account = await stage.connected();
      const { world } = stage.dc;
      const [alice, heavy] = [world.user('alice'), world.user('heavy')];
      const chats = [
        { chatId: alice.id, message: alice.in('heavy').says('in private') },
        { chatId: stage.club.id, message: alice.in('Film club').says('in the group') },
        { chatId: stage.cinema.id, message: alice.in('Cinema').says('in the supergroup') },
      ];
      for (const { chatId, message } of chats) {
        expect(await account.getMessage(chatId, message.idFor(heavy))).toMatchObject({
          chat: { id: chatId },
          text: message.text,
          sender: { id: alice.id, name: 'Alice' },
        });
        expect(await account.getMessage(chatId, 999_999)).toBeNull();
      }
    });
  });

  describe('findOwnReplies', () => {
    it('finds the account’s answers to one message, newest first', async () => {
      const account = await stage.connected();
      const { world } = stage.dc;
      const [alice, heavy] = [world.user('alice'), world.user('heavy')];
      for (const chat of [stage.club, stage.cinema]) {
        const asked = alice.in(chat).says('.vdl');
        heavy.in(chat).says('first', { replyTo: asked });
        alice.in(chat).says('hers', { replyTo: asked });
        heavy.in(chat).says('elsewhere');
        heavy.in(chat).says('second', { replyTo: asked });
        const found = await account.findOwnReplies(chat.id, asked.idFor(heavy));
        expect(found.map(({ text }) => text)).toEqual(['second', 'first']);
      }
    });
  });
};
