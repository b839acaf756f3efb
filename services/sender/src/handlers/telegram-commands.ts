import {
  type Envelope,
  telegramDelete,
  telegramEdit,
  telegramReact,
  telegramReply,
  telegramSendFailed,
  telegramSent,
} from '@heavy/contracts';
import { type HandlerContext, handle } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { PeerFlood, Refused, randomIdFrom, type TelegramAccount } from '@heavy/telegram';
import type { Outcome } from '../outcome.ts';
import { withPatience } from '../patience.ts';
import { replyTarget, withoutLostTarget } from '../reply-target.ts';
import { neverCommand } from '../words.ts';

interface Deps {
  account: TelegramAccount;
  outcome: Outcome;
  /** Runs what concerns one chat one after another. */
  inOrder: <T>(key: string, task: () => Promise<T>) => Promise<T>;
  log: Logger;
}

/** Carries `commands.telegram.reply`, `.edit`, `.delete` and `.react` out, and says how each ended. */
export const telegramCommands = ({ account, outcome, inOrder, log }: Deps) => {
  /** Runs `call` in its chat's order and publishes `events.telegram.sent` or `.send_failed`. */
  const carryOut = (
    { id, type }: Envelope,
    { publish, signal }: HandlerContext,
    at: { account: number; chatId: number },
    call: () => Promise<number[]>,
  ): Promise<void> =>
    inOrder(`${at.chatId}`, async () => {
      const about = { commandId: id, commandType: type, account: at.account, chatId: at.chatId };
      try {
        publish(telegramSent, { ...about, messageIds: await withPatience(call, signal, log) });
      } catch (error) {
        if (!(error instanceof Refused || error instanceof PeerFlood)) throw error;
        log.warn({ ...about, err: error }, 'Telegram refused a command');
        publish(telegramSendFailed, { ...about, error: error.code });
      }
    });

  return [
    handle(telegramReply, (envelope, context) => {
      const { data, id } = envelope;
      if ('failure' in data) return outcome.fail(envelope, context, data.failure.code, data.failure.context);
      const { origin, text } = data;
      return carryOut(envelope, context, origin, () =>
        withoutLostTarget(replyTarget(origin), async (target) => {
          const { messageId } = await account.sendText({
            chatId: origin.chatId,
            text: neverCommand(text),
            ...target,
            randomId: randomIdFrom(id),
          });
          return messageId === null ? [] : [messageId];
        }),
      );
    }),
    handle(telegramEdit, (envelope, context) => {
      const { target, text } = envelope.data;
      return carryOut(envelope, context, target, async () => {
        await account.editText({
          chatId: target.chatId,
          messageId: target.messageId,
          text: neverCommand(text),
        });
        return [target.messageId];
      });
    }),
    handle(telegramDelete, (envelope, context) => {
      const { chatId, messageIds } = envelope.data;
      return carryOut(envelope, context, envelope.data, async () => {
        await account.deleteMessages(chatId, messageIds);
        return messageIds;
      });
    }),
    handle(telegramReact, (envelope, context) => {
      const { target, emoji } = envelope.data;
      return carryOut(envelope, context, target, async () => {
        await account.react(target.chatId, target.messageId, emoji);
        return [target.messageId];
      });
    }),
  ];
};
