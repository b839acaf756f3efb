import type { Origin } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import { FloodWait, randomIdFrom, type TelegramAccount } from '@heavy/telegram';
import type { Answers } from './answers.ts';
import { statusText } from './words.ts';

type Step = Parameters<typeof statusText>[0];

const commandOf = ({ account, chatId, messageId }: Origin) => `${account}:${chatId}:${messageId}`;

/**
 * The status message of a command: posted with the first step, edited as the work goes on, and in the end removed or
 * turned into the failure sentence. Steps are a courtesy: one that Telegram does not take is dropped, never repeated.
 */
export const createStatus = ({
  account,
  answers,
  intervalMs,
  log,
}: {
  account: TelegramAccount;
  answers: Answers;
  intervalMs: number;
  log: Logger;
}) => {
  const shown = new Map<string, { text: string; at: number }>();
  /** Until then Telegram wants to hear nothing; what matters waits for it, steps are left out. */
  let restUntil = 0;

  /** The id of the status message, also of one that was sent by a process that died before it could say so. */
  const find = async (origin: Origin): Promise<number | null> => {
    const { status } = await answers.read(origin);
    if (status !== 0) return status ?? null;
    const replies = await account.findOwnReplies(origin.chatId, origin.messageId);
    // A title may begin like a step.
    const found = replies.find(({ text, media }) => media === undefined && text.startsWith('… '));
    if (!found) return null;
    // Once it is edited it cannot be found by its text again.
    await answers.statusSent(origin, found.id);
    return found.id;
  };

  const post = async (origin: Origin, text: string): Promise<void> => {
    await answers.statusIntended(origin);
    const { messageId } = await account.sendText({
      chatId: origin.chatId,
      text,
      replyTo: origin.messageId,
      ...(origin.topicId === undefined ? {} : { topicId: origin.topicId }),
      randomId: randomIdFrom(`status:${commandOf(origin)}`),
    });
    if (messageId !== null) await answers.statusSent(origin, messageId);
  };

  return {
    find,
    /** Forgets what was shown: the command has ended. */
    ended: (origin: Origin) => shown.delete(commandOf(origin)),
    /** At most once per interval: Telegram counts edits, and a step that is left out is followed by another. */
    show: async (origin: Origin, step: Step): Promise<void> => {
      const command = commandOf(origin);
      const last = shown.get(command);
      const text = statusText(step);
      const now = Date.now();
      if (now < restUntil) return;
      if (last && (last.text === text || now - last.at < intervalMs)) return;
      shown.set(command, { text, at: now });
      try {
        const messageId = await find(origin);
        if (messageId === null) await post(origin, text);
        else await account.editText({ chatId: origin.chatId, messageId, text });
      } catch (err) {
        if (err instanceof FloodWait) restUntil = Date.now() + err.seconds * 1000;
        log.info({ err }, 'the status message could not be brought up to date');
      }
    },
  };
};

export type Status = ReturnType<typeof createStatus>;
