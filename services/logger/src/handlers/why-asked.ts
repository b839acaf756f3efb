import {
  commandCorrelationId,
  type DataOf,
  originOf,
  redisKeys,
  telegramRaw,
  telegramReply,
} from '@heavy/contracts';
import { handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { idOfAnswer, idsInText } from '../id-in-text.ts';
import type { LogReader } from '../log-query.ts';
import { tellStory } from '../story.ts';

type Raw = DataOf<typeof telegramRaw>;

interface Deps {
  reader: Pick<LogReader, 'candidates' | 'steps' | 'troubles'>;
  redis: { get(key: string): Promise<string | null> };
  log: Pick<Logger, 'info'>;
}

/** The command words that are the logger's. */
export const commandWords = ['why'];

const isOurs = ({ command }: Raw): boolean => commandWords.includes(command.word);

const usage =
  'Reply with .why to a command or to its answer, or type .why and the id that the answer ends with, like .why 1a2b3c4d.';
const unknownId = (id: string): string =>
  `I know nothing of ${id}: no command in this chat has that id, or its log is gone.`;
const unknownReply = 'I know nothing of that: it is no command and no answer to one, or its log is gone.';
const ambiguous = (ids: readonly string[]): string =>
  `Several commands begin like that, so give more of the id: ${ids.join(', ')}.`;

const mostShown = 5;

/**
 * The text that answers `.why`. Commands of other chats are told to admins only; for anybody else they are as if they did not
 * exist.
 */
const answerTo = async (data: Raw, { reader, redis }: Omit<Deps, 'log'>): Promise<string> => {
  const { account, chat, message, reply, auth } = data;

  /** The story of the command that an id is the beginning of, or why there is none. */
  const byId = (id: string): { story?: string; several?: string[] } => {
    const tell = (correlationId: string | undefined) => {
      const story = correlationId === undefined ? undefined : tellStory(correlationId, reader);
      return story === undefined ? {} : { story };
    };
    const here = reader.candidates(id, { chatId: chat.id });
    if (here.length > 0 || auth.role !== 'admin') return tell(here[0]?.correlationId);
    const anywhere = reader.candidates(id);
    if (anywhere.length < 2) return tell(anywhere[0]?.correlationId);
    return { several: anywhere.slice(0, mostShown).map(({ correlationId }) => correlationId) };
  };
  /** The story of the command that is replied to, or answered by that message. */
  const byReply = async ({ messageId, chatId = chat.id }: NonNullable<Raw['reply']>) => {
    // Whoever is in a chat may ask of its messages.
    if (chatId !== chat.id && auth.role !== 'admin') return undefined;
    const answered = Number(await redis.get(redisKeys.commandOf(account, chatId, messageId)));
    const of = (id: number) => tellStory(commandCorrelationId({ account, chatId, messageId: id }), reader);
    return (answered > 0 ? of(answered) : undefined) ?? of(messageId);
  };

  const ids = idsInText(message.text);
  const found = ids.map(byId);
  const told = found.find(({ story }) => story !== undefined)?.story;
  if (told !== undefined) return told;

  if (reply !== undefined) {
    const named = idOfAnswer(reply.text ?? '');
    const story = (await byReply(reply)) ?? (named === undefined ? undefined : byId(named).story);
    if (story !== undefined) return story;
  }

  const several = found.find((one) => one.several !== undefined)?.several;
  if (several !== undefined) return ambiguous(several);
  if (ids[0] !== undefined) return unknownId(ids[0]);
  return reply === undefined ? usage : unknownReply;
};

/** Answers `.why` with what happened to a command, as far as the log tells it. */
export const whyAsked = ({ reader, redis, log }: Deps) =>
  handle(
    telegramRaw,
    async ({ data }, { publish }) => {
      if (!isOurs(data)) return;
      log.info('asked what happened to a command');
      publish(telegramReply, { origin: originOf(data), text: await answerTo(data, { reader, redis }) });
    },
    {
      exhausted: async ({ data }, { publish }) => {
        if (!isOurs(data)) return;
        publish(telegramReply, { origin: originOf(data), failure: { code: 'internal', context: {} } });
      },
    },
  );
