import {
  type Auth,
  commandCorrelationId,
  type DataOf,
  deterministicId,
  type Origin,
  type telegramMessage,
  type telegramRaw,
} from '@heavy/contracts';
import type { IncomingMessage } from '@heavy/telegram';

/** A message is one command at most, however often it was edited: a repeat is recognised downstream. */
export const eventIdOf = (account: number, { chat, id }: IncomingMessage): string =>
  deterministicId('telegram-command', account, chat.id, id);

/** Of `events.telegram.message`, of which there is one for each edit. */
export const messageEventIdOf = (account: number, { chat, id, editDate }: IncomingMessage): string =>
  deterministicId('telegram-message', account, chat.id, id, editDate ?? 0);

/** The same message always gets the same correlation id, whichever process reads it. */
export const correlationIdOf = (account: number, { chat, id }: IncomingMessage): string =>
  commandCorrelationId({ account, chatId: chat.id, messageId: id });

/** Where the answer to a message goes. */
export const originIn = (account: number, { chat, id, topicId, sender }: IncomingMessage): Origin => ({
  ...{ account, chatId: chat.id, messageId: id },
  ...(topicId === undefined ? {} : { topicId }),
  userId: sender.id,
});

/** The contract's limits. Telegram's own are lower, but its clients' word is not ours: no command is lost for its length. */
const limits = { text: 16_384, entities: 200, url: 4096, language: 64, name: 256, username: 64 };

const body = ({ text, entities }: IncomingMessage) => ({
  text: text.slice(0, limits.text),
  entities: entities.slice(0, limits.entities).map(({ url, language, ...entity }) => ({
    ...entity,
    ...(url === undefined ? {} : { url: url.slice(0, limits.url) }),
    ...(language === undefined ? {} : { language: language.slice(0, limits.language) }),
  })),
});

const elsewhere = ({ chat, replyToChat = chat.id }: IncomingMessage) =>
  replyToChat === chat.id ? {} : { chatId: replyToChat };

const author = ({ sender: { id, name } }: IncomingMessage) => ({
  senderId: id,
  ...(name === undefined ? {} : { senderName: name.slice(0, limits.name) }),
});

/** What the two events have in common. */
const common = (account: number, message: IncomingMessage) => {
  const { chat, sender, topicId } = message;
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
  };
};

/** The data of `events.telegram.raw` for a message that begins with a command word. */
export const rawEvent = (
  account: number,
  message: IncomingMessage,
  word: string,
  auth: Auth,
  reply: IncomingMessage | null,
): DataOf<typeof telegramRaw> => {
  const { replyTo, receivedAt } = message;
  return {
    ...common(account, message),
    ...(replyTo === undefined
      ? {}
      : {
          reply: {
            messageId: replyTo,
            ...elsewhere(message),
            ...(reply ? { ...body(reply), ...author(reply) } : {}),
          },
        }),
    ...{ command: { word }, auth },
    receivedAt: new Date(receivedAt).toISOString(),
    dispatchMs: Math.max(0, Date.now() - receivedAt),
  };
};

/** The data of `events.telegram.message`. */
export const messageEvent = (account: number, message: IncomingMessage): DataOf<typeof telegramMessage> => {
  const { editDate, replyTo, media } = message;
  const data = common(account, message);
  return {
    ...data,
    message: {
      ...data.message,
      ...(editDate === undefined ? {} : { editDate }),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(media === undefined ? {} : { media: media.kind }),
    },
  };
};
