import {
  type Envelope,
  type FailureCode,
  type FailureContext,
  type Origin,
  telegramSendFailed,
  telegramSent,
} from '@heavy/contracts';
import type { HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { PeerFlood, Refused, randomIdFrom, type TelegramAccount } from '@heavy/telegram';
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
  const removeStatus = async (origin: Origin, signal: AbortSignal): Promise<void> => {
    const messageId = await withPatience(() => status.find(origin), signal, log);
    if (messageId === null) return;
    await withPatience(() => account.deleteMessages(origin.chatId, [messageId]), signal, log);
    await answers.statusGone(origin);
  };

  /** Runs `deliver` (which answers with the ids of the messages in the chat) unless the command has ended already. */
  const conclude = (
    envelope: Ending,
    { publish, signal }: HandlerContext,
    deliver: () => Promise<{ messageIds: number[]; tookStatus: boolean }>,
  ): Promise<void> =>
    inOrder(commandKey(envelope.data.origin), async () => {
      const { origin } = envelope.data;
      const about = { commandId: envelope.id, commandType: envelope.type };
      const { account: id, chatId } = origin;
      if (!(await answers.claim(origin, envelope.id))) {
        log.info(about, 'the command has its outcome already; this one is dropped');
        return;
      }
      try {
        const { sent } = await answers.read(origin);
        const { messageIds, tookStatus } = sent ? { messageIds: sent, tookStatus: false } : await deliver();
        if (tookStatus) await answers.statusGone(origin);
        await answers.outcomeSent(origin, messageIds);
        await removeStatus(origin, signal);
        status.ended(origin);
        publish(telegramSent, { ...about, account: id, chatId, messageIds });
        log.info({ ...about, chatId, messageIds }, 'answered');
      } catch (error) {
        if (!(error instanceof Refused || error instanceof PeerFlood)) throw error;
        log.error({ ...about, err: error, chatId }, 'Telegram refused the answer');
        publish(telegramSendFailed, { ...about, account: id, chatId, error: error.code });
      }
    });

  /** Turns the status message into the sentence, or replies with it where there is no status message (any more). */
  const say = async (origin: Origin, text: string, signal: AbortSignal) => {
    const { chatId } = origin;
    const statusId = await withPatience(() => status.find(origin), signal, log);
    if (statusId !== null) {
      try {
        await withPatience(() => account.editText({ chatId, messageId: statusId, text }), signal, log);
        return { messageIds: [statusId], tookStatus: true };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        log.info({ err: error, statusId }, 'the status message cannot be edited; replying');
      }
    }
    const randomId = randomIdFrom(`outcome:${commandKey(origin)}`);
    const { messageId } = await withoutLostTarget(replyTarget(origin), (target) =>
      withPatience(() => account.sendText({ chatId, text, ...target, randomId }), signal, log),
    );
    return { messageIds: messageId === null ? [] : [messageId], tookStatus: false };
  };

  return {
    conclude,
    say,
    /** Ends a command with the sentence for a failure. */
    fail: (
      envelope: Ending,
      context: HandlerContext,
      code: FailureCode,
      details: FailureContext,
    ): Promise<void> =>
      conclude(envelope, context, () =>
        say(envelope.data.origin, failureText(code, details, envelope.correlationid), context.signal),
      ),
  };
};

export type Outcome = ReturnType<typeof createOutcome>;
