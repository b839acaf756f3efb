import { type CommandMessage, type FailureCode, originOf, redisKeys, telegramReply } from '@heavy/contracts';
import type { Answers } from '@heavy/downloads';
import type { Ledger } from '@heavy/media';
import { RetryableError } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { Redis } from 'ioredis';
import { ownText, type Raw, type Typed } from './typed.ts';

export interface CancelDeps {
  redis: Redis;
  ledger: Ledger;
  answers: Answers;
  log: Logger;
}

/** So often a cancellation waits for its command, along the retry ladder. */
const waits = 2;

/** The command that a `.cancel` means: the message it replies to, or the one that this message of ours answers. */
const meantCommand = async (redis: Redis, { account, chat, reply }: Raw): Promise<CommandMessage | null> => {
  if (!reply) return null;
  const { messageId, chatId = chat.id } = reply;
  const answered = await redis.get(redisKeys.commandOf(account, chatId, messageId));
  return { account, chatId, messageId: answered === null ? messageId : Number(answered) };
};

/** Whether a command may still be on its way to the ledger, or from there to the chat: nothing has ended it yet. */
const isUnderWay = async (
  redis: Redis,
  { reply }: Raw,
  { account, chatId, messageId }: CommandMessage,
): Promise<boolean> => {
  const isCommand = messageId !== reply?.messageId || /^\s*\.(vdl|dl|adl)\b/iu.test(reply.text ?? '');
  return isCommand && (await redis.hexists(redisKeys.answer(account, chatId, messageId), 'outcome')) === 0;
};

/**
 * Withdraws the interest of whoever asked, or with `all`, from an admin, everybody's. The asker is told first and then
 * forgotten, so that a crash in between loses nobody; should the media be ready in this very moment, the first of the two
 * outcomes counts.
 */
export const cancelTyped = ({ redis, ledger, answers, log }: CancelDeps): Typed => {
  const cancel = async (data: Raw, attempt: number): Promise<FailureCode> => {
    const command = await meantCommand(redis, data);
    const found = command && (await ledger.find(command));
    if (!found) {
      if (attempt <= waits && command && (await isUnderWay(redis, data, command)))
        throw new RetryableError('the command to be cancelled is on its way');
      return 'nothing_to_cancel';
    }
    const isAdmin = data.auth.role === 'admin';
    const everybody = /\ball\b/iu.test(ownText(data.message.text));
    if (everybody && !isAdmin) return 'admins_only';
    if (!isAdmin && found.asker.origin.userId !== data.sender.id) return 'not_yours';
    for (const asker of everybody ? await ledger.askers(found.hash) : [found.asker]) {
      await answers.fail(asker, found.request.kind, 'cancelled', {});
      await ledger.withdraw(asker.origin);
      answers.inContextOf(asker, () => log.info({ step: 'withdrawn' }, 'withdrawn'));
    }
    return 'withdrawn';
  };
  return async (data, { publish, attempt }) => {
    const code = await cancel(data, attempt);
    log.info({ code, by: data.sender.id }, 'cancel asked for');
    publish(telegramReply, { origin: originOf(data), failure: { code, context: {} } });
  };
};
