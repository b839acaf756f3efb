import {
  type DataOf,
  type Envelope,
  type FailureCode,
  type FailureContext,
  type Origin,
  telegramSendFailed,
  telegramSent,
} from '@heavy/contracts';
import type { HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { PeerFlood, Refused, randomIdFrom, type TelegramAccount, TelegramError } from '@heavy/telegram';
import type { Answers } from './answers.ts';
import { withPatience } from './patience.ts';
import { replyTarget, withoutLostTarget } from './reply-target.ts';
import type { Status } from './status.ts';
import { failureText } from './words.ts';

interface Deps {
  account: TelegramAccount;
  answers: Answers;
  status: Status;
  /** Runs what concerns one command one after another. */
  inOrder: <T>(key: string, task: () => Promise<T>) => Promise<T>;
  log: Logger;
}

export type Ending = Envelope<{ origin: Origin }>;

/** The key of a command: everything that concerns one command runs in order. */
export const commandKey = ({ account, chatId, messageId }: Origin): string =>
  `${account}:${chatId}:${messageId}`;

/**
 * Ends commands in the chat, each exactly once. The first event that ends a command claims it (any other is dropped);
 * what is sent carries a `random_id` of the command, so that a repeat after a crash is recognised by Telegram.
 */
export const createOutcome = ({ account, answers, status, inOrder, log }: Deps) => {
  /** Takes the status message away, unless the outcome is in it. */
  const removeStatus = async (origin: Origin, outcomeIds: number[], signal: AbortSignal): Promise<void> => {
    try {
      const messageId = await withPatience(() => status.find(origin), signal, log);
      if (messageId !== null && !outcomeIds.includes(messageId))
        await withPatience(() => account.deleteMessages(origin.chatId, [messageId]), signal, log);
    } catch (error) {
      // The command has its outcome all the same.
      if (!(error instanceof Refused)) throw error;
      log.info({ err: error }, 'the status message cannot be removed');
    }
    await answers.statusGone(origin);
  };

  /** Runs `deliver` (which answers with the ids of the messages in the chat) unless the command has ended already. */
  const conclude = (
    envelope: Ending,
    { publish, signal }: HandlerContext,
    deliver: () => Promise<number[]>,
  ): Promise<void> =>
    inOrder(commandKey(envelope.data.origin), async () => {
      const { origin } = envelope.data;
      const { account: id, chatId } = origin;
      const about = { commandId: envelope.id, commandType: envelope.type, account: id, chatId };
      if (!(await answers.claim(origin, envelope.id))) {
        log.info(about, 'the command has its outcome already; this one is dropped');
        return;
      }
      try {
        const { sent } = await answers.read(origin);
        const messageIds = sent ?? (await deliver());
        // Before the record of the status message goes: a status message that became the outcome is found by it.
        if (!sent) await answers.outcomeSent(origin, messageIds);
        await removeStatus(origin, messageIds, signal);
        publish(telegramSent, { ...about, messageIds });
        log.info({ ...about, messageIds }, 'answered');
      } catch (error) {
        if (!(error instanceof Refused || error instanceof PeerFlood)) throw error;
        log.error({ ...about, err: error }, 'Telegram refused the answer');
        publish(telegramSendFailed, sendFailure(envelope, origin, error));
      } finally {
        status.ended(origin);
      }
    });

  /** Turns the status message into the sentence, or replies with it where there is no status message (any more). */
  const say = async (origin: Origin, text: string, signal: AbortSignal): Promise<number[]> => {
    const { chatId } = origin;
    const statusId = await withPatience(() => status.find(origin), signal, log);
    if (statusId !== null) {
      try {
        await withPatience(() => account.editText({ chatId, messageId: statusId, text }), signal, log);
        return [statusId];
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        log.info({ err: error, statusId }, 'the status message cannot be edited; replying');
      }
    }
    const randomId = randomIdFrom(`outcome:${commandKey(origin)}`);
    const { messageId } = await withoutLostTarget(replyTarget(origin), (target) =>
      withPatience(() => account.sendText({ chatId, text, ...target, randomId }), signal, log),
    );
    return messageId === null ? [] : [messageId];
  };

  /** Ends a command with the sentence for a failure. */
  const fail = (
    envelope: Ending,
    context: HandlerContext,
    code: FailureCode,
    details: FailureContext,
  ): Promise<void> =>
    conclude(envelope, context, () =>
      say(envelope.data.origin, failureText(code, details, envelope.correlationid), context.signal),
    );

  return {
    conclude,
    say,
    fail,
    /** For an event whose handling failed for the last time: says so in the chat or, where that fails too, to whoever listens. */
    giveUp: async (envelope: Ending, context: HandlerContext & { error: unknown }): Promise<void> => {
      try {
        await fail(envelope, context, 'internal', {});
      } catch (error) {
        context.signal.throwIfAborted();
        log.error({ err: error, commandId: envelope.id }, 'the asker cannot be told');
        context.publish(telegramSendFailed, sendFailure(envelope, envelope.data.origin, error));
      }
    },
  };
};

/** The data of `events.telegram.send_failed`. */
export const sendFailure = (
  { id, type }: Envelope,
  { account, chatId }: { account: number; chatId: number },
  error: unknown,
): DataOf<typeof telegramSendFailed> => ({
  ...{ commandId: id, commandType: type, account, chatId },
  error: error instanceof TelegramError ? error.code.slice(0, 200) : 'INTERNAL',
});

export type Outcome = ReturnType<typeof createOutcome>;
