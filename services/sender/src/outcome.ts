import {
  type DataOf,
  type Envelope,
  type Failed,
  type FailureCode,
  type Origin,
  telegramSendFailed,
  telegramSent,
} from '@heavy/contracts';
import type { HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { PeerFlood, Refused, randomIdFrom, type TelegramAccount, TelegramError } from '@heavy/telegram';
import type { Answers } from './answers.ts';
import type { Patiently } from './patience.ts';
import type { PostedBy } from './posted.ts';
import { replyTarget, withoutLostTarget } from './reply-target.ts';
import type { Status } from './status.ts';
import { failureText } from './words.ts';

interface Deps {
  account: TelegramAccount;
  answers: Answers;
  status: Status;
  ask: Patiently;
  postedBy: PostedBy;
  /** Runs what concerns one command one after another. */
  inOrder: <T>(key: string, task: () => Promise<T>) => Promise<T>;
  log: Logger;
}

type Failure = Failed['failure'];

export type Ending = Envelope<{ origin: Origin }>;

/** How a command was ended in the chat. */
interface Delivered {
  /** Of a failure. */
  code?: FailureCode;
}

/** The key of a command: everything that concerns one command runs in order. */
export const commandKey = ({ account, chatId, messageId }: Origin): string =>
  `${account}:${chatId}:${messageId}`;

/**
 * Ends commands in the chat, each exactly once. The first event that ends a command claims it (any other is dropped);
 * what is sent carries a `random_id` of the command, so that a repeat after a crash is recognised by Telegram.
 */
export const createOutcome = ({ account, answers, status, ask, postedBy, inOrder, log }: Deps) => {
  /** Takes the status message away, unless the outcome is in it. */
  const removeStatus = async (origin: Origin, outcomeIds: number[], signal: AbortSignal): Promise<void> => {
    try {
      const messageId = await ask(() => status.find(origin), signal);
      if (messageId !== null && !outcomeIds.includes(messageId))
        await ask(() => account.deleteMessages(origin.chatId, [messageId]), signal, {
          ...{ method: 'delete', chatId: origin.chatId, messageIds: [messageId] },
        });
    } catch (error) {
      // The command has its outcome all the same.
      if (!(error instanceof Refused)) throw error;
      log.info({ err: error }, 'the status message cannot be removed');
    }
    await answers.statusGone(origin);
  };

  /** Runs `deliver`, which adds to {@link PostedBy} what it posts, unless the command has ended already. */
  const conclude = (
    envelope: Ending,
    { publish, signal }: HandlerContext,
    deliver: () => Promise<Delivered>,
  ): Promise<void> =>
    inOrder(commandKey(envelope.data.origin), async () => {
      const { origin } = envelope.data;
      const { account: id, chatId } = origin;
      const posted = postedBy(envelope);
      const about = { commandId: envelope.id, commandType: envelope.type, account: id, chatId };
      try {
        // From here on nothing is to be shown but what the outcome itself shows.
        await status.still(origin);
        if (!(await answers.claim(origin, envelope.id))) {
          log.info(about, 'the command has its outcome already; this one is dropped');
          return;
        }
        const { sent } = await answers.read(origin);
        const delivered = sent ? {} : await deliver();
        const messageIds = sent ?? [...posted];
        // Before the record of the status message goes: a status message that became the outcome is found by it.
        if (!sent) await answers.outcomeSent(origin, messageIds);
        await removeStatus(origin, messageIds, signal);
        publish(telegramSent, { ...about, messageIds });
        log.info({ ...about, messageIds, ...delivered, step: 'answered' }, 'answered');
      } catch (error) {
        if (!(error instanceof Refused || error instanceof PeerFlood)) throw error;
        log.error({ ...about, err: error }, 'Telegram refused the answer');
        publish(telegramSendFailed, sendFailure(envelope, origin, error, posted));
      } finally {
        status.ended(origin);
      }
    });

  /** Turns the status message into the sentence, or replies with it where there is no status message (any more). */
  const say = async (
    envelope: Ending,
    { code, context }: Failure,
    signal: AbortSignal,
  ): Promise<Delivered> => {
    const { data, correlationid } = envelope;
    const { origin } = data;
    const { chatId } = origin;
    const posted = postedBy(envelope);
    const text = failureText(code, context, correlationid);
    const statusId = await ask(() => status.find(origin), signal);
    if (statusId !== null) {
      try {
        await ask(() => account.editText({ chatId, messageId: statusId, text }), signal, {
          ...{ method: 'edit', chatId, messageIds: [statusId] },
        });
        posted.add(statusId);
        return { code };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        log.info({ err: error, statusId }, 'the status message cannot be edited; replying');
      }
    }
    const randomId = randomIdFrom(`outcome:${commandKey(origin)}`);
    const { messageId } = await withoutLostTarget(replyTarget(origin), (target) =>
      ask(() => account.sendText({ chatId, text, ...target, randomId }), signal, {
        ...{ method: 'send', chatId, answers: origin.userId },
      }),
    );
    if (messageId !== null) posted.add(messageId);
    return { code };
  };

  /** Ends a command with the sentence for a failure. */
  const fail = (envelope: Ending, context: HandlerContext, failure: Failure): Promise<void> =>
    conclude(envelope, context, () => say(envelope, failure, context.signal));

  return {
    conclude,
    say,
    fail,
    /** For an event whose handling failed for the last time: says so in the chat or, where that fails too, to whoever listens. */
    giveUp: async (envelope: Ending, context: HandlerContext & { error: unknown }): Promise<void> => {
      try {
        await fail(envelope, context, { code: 'internal', context: {} });
      } catch (error) {
        context.signal.throwIfAborted();
        log.error({ err: error, commandId: envelope.id }, 'the asker cannot be told');
        context.publish(
          telegramSendFailed,
          sendFailure(envelope, envelope.data.origin, error, postedBy(envelope)),
        );
      }
    },
  };
};

/** The data of `events.telegram.send_failed`; `posted` are the messages that are in the chat all the same. */
export const sendFailure = (
  { id, type }: Envelope,
  { account, chatId }: { account: number; chatId: number },
  error: unknown,
  posted: ReadonlySet<number>,
): DataOf<typeof telegramSendFailed> => ({
  ...{ commandId: id, commandType: type, account, chatId },
  error: error instanceof TelegramError ? error.code.slice(0, 200) : 'INTERNAL',
  ...(posted.size === 0 ? {} : { messageIds: [...posted] }),
});

export type Outcome = ReturnType<typeof createOutcome>;
