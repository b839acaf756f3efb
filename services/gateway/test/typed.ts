import type { DataOf, telegramRaw } from '@heavy/contracts';

type Raw = DataOf<typeof telegramRaw>;

export const account = 1;
export const chatId = -1_001_234_567_890;
/** Whom `typed` is from. */
export const admin = 9;

/** A command in a supergroup, from an admin where nothing else is said. */
export const typed = (
  text: string,
  rest: Partial<Raw> & { entities?: Raw['message']['entities'] } = {},
): Raw => {
  const { entities = [], ...others } = rest;
  return {
    account,
    chat: { id: chatId, type: 'supergroup' },
    message: { id: 7, text, entities, date: 0, outgoing: false },
    sender: { id: admin },
    command: { word: /\.(\w+)/.exec(text)?.[1]?.toLowerCase() ?? '' },
    auth: { role: 'admin', by: 'admin', mayUse: true, rateLimited: false },
    receivedAt: '2026-11-21T10:00:00.000Z',
    dispatchMs: 0,
    ...others,
  };
};
