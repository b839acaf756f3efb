import { type DataOf, deterministicId, type telegramRaw } from '@heavy/contracts';
import type { IncomingMessage } from '@heavy/telegram';
import type { Role } from './access.ts';

/** The same message always gets the same event id, so that a repeat is recognised downstream. */
export const eventIdOf = (account: number, { chat, id, editDate }: IncomingMessage): string =>
  deterministicId('telegram-message', account, chat.id, id, editDate ?? 0);

/** The same message always gets the same correlation id, whichever process reads it. */
export const correlationIdOf = (account: number, { chat, id }: IncomingMessage): string =>
  deterministicId('command', account, chat.id, id);

/** The data of `events.telegram.raw` for a message that begins with a command word. */
export const rawEvent = (
  account: number,
  message: IncomingMessage,
  word: string,
  role: Role,
  reply: IncomingMessage | null,
): DataOf<typeof telegramRaw> => ({
  account,
  chat: message.chat,
  message: {
    id: message.id,
    text: message.text,
    entities: message.entities,
    date: message.date,
    ...(message.topicId === undefined ? {} : { topicId: message.topicId }),
    outgoing: message.outgoing,
  },
  sender: message.sender,
  ...(message.replyTo === undefined
    ? {}
    : {
        reply: {
          messageId: message.replyTo,
          ...(reply ? { text: reply.text, entities: reply.entities, senderId: reply.sender.id } : {}),
        },
      }),
  command: { word },
  auth: { role, rateLimited: false },
  receivedAt: new Date(message.receivedAt).toISOString(),
  dispatchMs: Math.max(0, Date.now() - message.receivedAt),
});
