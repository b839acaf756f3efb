import type { Origin } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import { FloodWait, randomIdFrom, type TelegramAccount } from '@heavy/telegram';
import type { LimitFunction } from 'p-limit';
import type { Answer, Answers } from './answers.ts';
import type { Pace, Scope } from './pace/pace.ts';
import type { Strangers } from './strangers.ts';
import { statusText } from './words.ts';

type Step = Parameters<typeof statusText>[0];

/** What this process has shown of one command. */
interface Shown {
  /** What stands in the chat, as far as is known. */
  text?: string | undefined;
  /** When the last call to Telegram began, in Unix milliseconds. */
  at: number;
  /** The newest step that is not shown yet. */
  next?: Step | undefined;
  /** Until then Telegram wants to hear nothing of the kind; in Unix milliseconds. */
  restUntil: number;
  /** Set while `next` waits for its time. */
  timer?: NodeJS.Timeout | undefined;
  /** Settles with the call that is on its way. */
  showing?: Promise<void> | undefined;
}

/** Commands that are remembered at most: of some, the end is never seen by this process. */
const maxShown = 10_000;

const commandOf = ({ account, chatId, messageId }: Origin) => `${account}:${chatId}:${messageId}`;

/**
 * The status message of a command: posted with the first step, edited as the work goes on, and in the end removed or
 * turned into the failure sentence. Steps are a courtesy: one that Telegram does not take is dropped.
 */
export const createStatus = ({
  account,
  answers,
  pace,
  strangers,
  limit,
  intervalMs,
  log,
}: {
  account: TelegramAccount;
  answers: Answers;
  pace: Pace;
  strangers: Pick<Strangers, 'guard'>;
  /** Of the calls to Telegram at the same time. */
  limit: LimitFunction;
  intervalMs: number;
  log: Logger;
}) => {
  const shown = new Map<string, Shown>();

  /** When a call of that kind may be made; where that is now, it counts as made. */
  const turnAt = (scope: Scope): number => {
    const blockedUntil = pace.blockedUntil(scope);
    if (blockedUntil > Date.now()) return blockedUntil;
    const turn = pace.reserve(scope);
    if (turn.at > Date.now()) turn.giveBack();
    return turn.at;
  };

  const locate = async (origin: Origin, { status }: Answer): Promise<number | null> => {
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
    const { chatId, userId, topicId } = origin;
    const { messageId } = await strangers.guard({ method: 'send', chatId, answers: userId }, () =>
      account.sendText({
        chatId,
        text,
        replyTo: origin.messageId,
        ...(topicId === undefined ? {} : { topicId }),
        randomId: randomIdFrom(`status:${commandOf(origin)}`),
      }),
    );
    if (messageId !== null) await answers.statusSent(origin, messageId);
  };

  /** Brings the message to this step; never rejects. */
  const put = async (origin: Origin, entry: Shown, step: Step): Promise<void> => {
    const text = statusText(step);
    if (text === entry.text) return;
    entry.at = Date.now();
    let scope: Scope | undefined;
    try {
      const answer = await answers.read(origin);
      // The upload is the one step that belongs to the outcome.
      if (answer.outcome !== undefined && step.phase !== 'uploading') return;
      const messageId = await locate(origin, answer);
      scope = { method: messageId === null ? 'send' : 'edit', chatId: origin.chatId };
      const at = turnAt(scope);
      if (at > Date.now()) {
        entry.restUntil = at;
        entry.next ??= step;
        return;
      }
      if (messageId === null) await post(origin, text);
      else await account.editText({ chatId: origin.chatId, messageId, text });
      entry.text = text;
    } catch (err) {
      entry.text = undefined;
      if (err instanceof FloodWait) {
        if (scope) pace.learn(scope, err, entry.at);
        entry.restUntil = Date.now() + err.seconds * 1000;
        entry.next ??= step;
      }
      log.info({ err }, 'the status message could not be brought up to date');
    }
  };

  /** Shows the newest step now, or as soon as its time has come. */
  const advance = async (origin: Origin, entry: Shown): Promise<void> => {
    if (!entry.next || entry.timer || entry.showing || shown.get(commandOf(origin)) !== entry) return;
    const now = Date.now();
    // After an imposed wait not all at once: that would be the next one's cause.
    const waitMs =
      now < entry.restUntil
        ? entry.restUntil - now + Math.random() * intervalMs
        : entry.at + intervalMs - now;
    if (waitMs > 0) {
      entry.timer = setTimeout(() => {
        entry.timer = undefined;
        void advance(origin, entry);
      }, waitMs).unref();
      return;
    }
    entry.showing = limit(async () => {
      // The newest by then; none where the command's outcome came while this waited.
      const { next } = entry;
      entry.next = undefined;
      if (next) await put(origin, entry, next);
    });
    await entry.showing;
    entry.showing = undefined;
    void advance(origin, entry);
  };

  const dropNext = (entry: Shown): void => {
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.next = undefined;
  };

  /** The entry of a command, the last to be forgotten. */
  const entryOf = (command: string): Shown => {
    const entry = shown.get(command) ?? { at: Number.NEGATIVE_INFINITY, restUntil: 0 };
    shown.delete(command);
    shown.set(command, entry);
    for (const [oldest, idle] of shown) {
      if (shown.size <= maxShown) break;
      if (idle.showing) continue;
      dropNext(idle);
      shown.delete(oldest);
    }
    return entry;
  };

  return {
    /** The id of the status message, also of one that was sent by a process that died before it could say so. */
    find: async (origin: Origin): Promise<number | null> => locate(origin, await answers.read(origin)),
    /**
     * Shows a step of a command that has no outcome yet. At most one call per interval and message, since Telegram counts
     * them: a step that comes too soon is shown when the interval is over, unless a newer one or the end came.
     * Resolves when the step is shown, dropped or put off.
     */
    show: (origin: Origin, step: Step): Promise<void> => {
      const entry = entryOf(commandOf(origin));
      entry.next = step;
      return advance(origin, entry);
    },
    /** Drops the step that was put off, and waits for the one that is on its way: nothing of this message moves any more. */
    still: async (origin: Origin): Promise<void> => {
      const entry = shown.get(commandOf(origin));
      if (!entry) return;
      dropNext(entry);
      await entry.showing;
      // A wait that Telegram imposed on that one has put it off.
      dropNext(entry);
    },
    /** Forgets what was shown: the command has ended. */
    ended: (origin: Origin): void => {
      const entry = shown.get(commandOf(origin));
      if (entry) dropNext(entry);
      shown.delete(commandOf(origin));
    },
  };
};

export type Status = ReturnType<typeof createStatus>;
