import type { BotMessage } from '@heavy/contracts';
import { type Chat, chatIdOf, chatKeyOf, createChat, type Item } from './chat.ts';

import type { Floods } from './floods.ts';
import { clock } from './pace.ts';
import type { SavedPace } from './saved-pace.ts';
import type { BotsSettings } from './settings.ts';

/** The chats of one bot that something waits for, or of which something is known that counts still. */
export interface Chats {
  of(message: BotMessage): Chat;
  all(): Iterable<Chat>;
  /** Forgets chats of which nothing is of use any more. */
  prune(): void;
}

const idleMs = 60_000;

export const createChats = (given: {
  settings: BotsSettings;
  leastTripMs: () => number;
  floods: Floods;
  saved: SavedPace;
}): Chats => {
  const chats = new Map<string, { chat: Chat; usedAt: number }>();
  return {
    of: (message) => {
      const id = chatIdOf(message.data.chat_id);
      const key = chatKeyOf(id);
      const found = chats.get(key);
      const chat = found?.chat ?? createChat(id, given.settings, given.leastTripMs);
      if (!found) {
        chat.waitUntil = given.floods.remembered(key);
        given.saved.restore(chat);
      }
      chats.set(key, { chat, usedAt: clock() });
      return chat;
    },
    all: () => [...chats.values()].map(({ chat }) => chat),
    prune: () => {
      const now = clock();
      for (const [key, { chat, usedAt }] of chats) {
        const isWaitedFor = chat.busy || Object.values(chat.lanes).some(({ items }) => items.length > 0);
        const until = Math.max(chat.waitUntil, chat.unreachable?.until ?? 0, usedAt + idleMs);
        if (!isWaitedFor && until < now) chats.delete(key);
      }
    },
  };
};

/** Whether what limits an entry explains that Telegram refused it. */
export const explains = (chat: Chat, { kind }: Item, now: number): boolean =>
  (kind === 'edit' ? [chat.edits] : chat.sends).some((pace) => pace.isHalfUsed(now));
