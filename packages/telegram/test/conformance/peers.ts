import { describe, expect, it, vi } from 'vitest';
import { memoryPeerStore, PeerUnknown } from '../../src/index.ts';
import { nextHeard, type Stage } from './stage.ts';

export const peersConformance = (stage: Stage): void => {
  describe('peers', () => {
    it('writes, over one session, to whom only another session of the account has seen', async () => {
      const peers = memoryPeerStore();
      const gateway = await stage.connected({ peers });
      const alice = stage.dc.world.user('alice');
      const heard = nextHeard(gateway);
      alice.in('heavy').says('.vdl');
      const { chat, id } = await heard;
      await vi.waitFor(async () =>
        expect(await peers.get(chat.id)).toMatchObject({ id: alice.id, name: 'Alice' }),
      );

      const sender = await stage.connected({ peers });
      const before = stage.dc.calls.length;
      await sender.sendText({ chatId: chat.id, text: 'answer', replyTo: id, randomId: 1n });
      expect(stage.dc.calls.slice(before).map(({ method }) => method)).toEqual(['messages.SendMessage']);
      expect(stage.dc.world.privateChat(alice, stage.dc.world.user('heavy')).messages()).toHaveLength(2);
    });

    it('asks Telegram for a chat that no store knows', async () => {
      stage.dc.world.user('alice').in('Cinema').says('hello');
      const account = await stage.connected();
      await account.sendText({ chatId: stage.cinema.id, text: 'hi', randomId: 1n });
      expect(stage.cinema.messages()).toHaveLength(2);
    });

    it('rejects with PeerUnknown for a chat that the account has never seen', async () => {
      const account = await stage.connected();
      for (const chatId of [123_456, -1_001_234_567_890])
        await expect(account.sendText({ chatId, text: 'hi', randomId: 1n })).rejects.toThrow(PeerUnknown);
    });

    it.each([
      { how: 'fails', answer: () => Promise.reject(new Error('the store is down')) },
      { how: 'never answers', answer: () => new Promise<never>(() => {}) },
    ])('works on where the store $how', async ({ answer }) => {
      const account = await stage.connected({ peers: { get: answer, set: answer } });
      stage.dc.world.user('alice').in('Cinema').says('hello');
      await account.sendText({ chatId: stage.cinema.id, text: 'hi', randomId: 1n });
      expect(stage.cinema.messages()).toHaveLength(2);
    });
  });
};
