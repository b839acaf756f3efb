import { loadConfig } from '@heavy/service';
import type { Api } from 'grammy';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { createChat, type Item, pacesOf } from './chat.ts';
import { type Delivery, deliver } from './deliver.ts';
import { BotLeaseLost } from './leases.ts';
import { clock, createPace, type Turn } from './pace.ts';
import { botsSettings } from './settings.ts';

const settings = loadConfig(Type.Object(botsSettings), {});
const about = { bot_id: 7, chat_id: 42, message_id: 1 };
const kinds = { send_msg: 'send', edit_msg: 'edit', del_msg: 'delete' } as const;

describe('deliver', () => {
  // Of what is sent, Redis is asked as well, in the moment in which it leaves; edits and deletions have this fence alone.
  it.each(['send_msg', 'edit_msg', 'del_msg'] as const)(
    'makes no call for %s where the lease is over by the clock, and counts none',
    async (type) => {
      const calls: PropertyKey[] = [];
      const api = new Proxy({} as Api, {
        get: (_, method) => () => {
          calls.push(method);
          return Promise.resolve(true);
        },
      });
      const pace = createPace({ count: 1, windowMs: 60_000 }, () => 0);
      const delivery = {
        ...{ botId: 7, api, pace, settings },
        lease: {
          check: () => {
            throw new BotLeaseLost('it was not prolonged');
          },
        },
        attempts: { begin: () => Promise.resolve(true) },
      } as unknown as Delivery;
      const chat = createChat(42, settings, () => 0);
      const item: Item = { stream: 'regular', id: '1-0', kind: kinds[type], sent: [], interrupted: false };
      const fields = { type, data: JSON.stringify({ ...about, text: 'hello' }) };
      const turn: Turn = { sentAt: clock() };
      for (const one of [pace, ...pacesOf(chat, item)]) one.take(turn);

      await expect(deliver(delivery, chat, item, fields, turn)).rejects.toThrow(BotLeaseLost);
      expect(calls).toEqual([]);
      expect(pace.readyAt(clock())).toBe(0);
    },
  );
});
