import { type DataOf, deterministicId, type telegramRaw } from '@heavy/contracts';
import type { IncomingMessage } from '@heavy/telegram';
import type { Role } from './access.ts';

/** The same message always gets the same event id, so that a repeat is recognised downstream. */
export const eventIdOf = (account: number, { chat, id, editDate }: IncomingMessage): string =>
  deterministicId('telegram-message', account, chat.id, id, editDate ?? 0);

/** The same message always gets the same correlation id, whichever process reads it. */
export const correlationIdOf = (account: number, { chat, id }: IncomingMessage): string =>
  deterministicId('command', account, chat.id, id);

/** The contract's limits. Telegram's own are lower, but its clients' word is not ours: no command is lost for its length. */
const limits = { text: 16_384, entities: 200, url: 4096, name: 256, username: 64 };

const body = ({ text, entities }: IncomingMessage) => ({
  text: text.slice(0, limits.text),
  entities: entities.slice(0, limits.entities).map(({ url, ...entity }) => ({
    ...entity,
    ...(url === undefined ? {} : { url: url.slice(0, limits.url) }),
  })),
});

/** The data of `events.telegram.raw` for a message that begins with a command word. */
export const rawEvent = (
  account: number,
  message: IncomingMessage,
  word: string,
  role: Role,
  reply: IncomingMessage | null,
): DataOf<typeof telegramRaw> => {
  const { chat, sender, topicId, replyTo } = message;
  return {
    account,
    chat: { ...chat, ...(chat.title === undefined ? {} : { title: chat.title.slice(0, limits.name) }) },
    message: {
      ...{ id: message.id, date: message.date, outgoing: message.outgoing, ...body(message) },
      ...(topicId === undefined ? {} : { topicId }),
    },
    sender: {
      id: sender.id,
      ...(sender.name === undefined ? {} : { name: sender.name.slice(0, limits.name) }),
      ...(sender.username === undefined ? {} : { username: sender.username.slice(0, limits.username) }),
    },
    ...(replyTo === undefined
      ? {}
      : { reply: { messageId: replyTo, ...(reply ? { ...body(reply), senderId: reply.sender.id } : {}) } }),
    command: { word },
    auth: { role, rateLimited: false },
    receivedAt: new Date(message.receivedAt).toISOString(),
    dispatchMs: Math.max(0, Date.now() - message.receivedAt),
  };
};
