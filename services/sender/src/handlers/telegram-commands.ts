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
import { cut } from '../cut.ts';
import { type Outcome, sendFailure } from '../outcome.ts';
import { withPatience } from '../patience.ts';
import { replyTarget, withoutLostTarget } from '../reply-target.ts';
import { neverCommand } from '../words.ts';

interface Place {
  account: number;
  chatId: number;
}

interface Deps {
  account: TelegramAccount;
  outcome: Outcome;
  /** Runs what concerns one chat one after another. */
  inOrder: <T>(key: string, task: () => Promise<T>) => Promise<T>;
  log: Logger;
}

/** Telegram's limit of a text, in UTF-16 units. */
const textLimit = 4096;

/** Carries `commands.telegram.reply`, `.edit`, `.delete` and `.react` out, and says how each ended. */
export const telegramCommands = ({ account, outcome, inOrder, log }: Deps) => {
  /** Runs `call` in its chat's order and publishes `events.telegram.sent` or `.send_failed`. */
  const carryOut = (
    envelope: Envelope,
    { publish, signal }: HandlerContext,
    at: Place,
    call: () => Promise<number[]>,
  ): Promise<void> =>
    inOrder(`${at.chatId}`, async () => {
      const about = {
        ...{ commandId: envelope.id, commandType: envelope.type },
        ...{ account: at.account, chatId: at.chatId },
      };
      try {
        publish(telegramSent, { ...about, messageIds: await withPatience(call, signal, log) });
      } catch (error) {
        if (!(error instanceof Refused || error instanceof PeerFlood)) throw error;
        log.warn({ ...about, err: error }, 'Telegram refused a command');
        publish(telegramSendFailed, sendFailure(envelope, at, error));
      }
    });

  /** For what failed for the last time. */
  const givenUp = <T>(placeOf: (data: T) => Place) => ({
    exhausted: async (envelope: Envelope<T>, { publish, error }: HandlerContext & { error: unknown }) =>
      publish(telegramSendFailed, sendFailure(envelope, placeOf(envelope.data), error)),
  });

  return [
    handle(
      telegramReply,
      (envelope, context) => {
        const { data, id } = envelope;
        if ('failure' in data)
          return outcome.fail(envelope, context, data.failure.code, data.failure.context);
        const { origin, text } = data;
        return carryOut(envelope, context, origin, () =>
          withoutLostTarget(replyTarget(origin), async (target) => {
            const { messageId } = await account.sendText({
              chatId: origin.chatId,
              text: neverCommand(cut(text, textLimit)),
              ...target,
              randomId: randomIdFrom(id),
            });
            return messageId === null ? [] : [messageId];
          }),
        );
      },
      { exhausted: outcome.giveUp },
    ),
    handle(
      telegramEdit,
      (envelope, context) => {
        const { target, text } = envelope.data;
        const { chatId, messageId } = target;
        return carryOut(envelope, context, target, async () => {
          await account.editText({ chatId, messageId, text: neverCommand(text) });
          return [messageId];
        });
      },
      givenUp(({ target }) => target),
    ),
    handle(
      telegramDelete,
      (envelope, context) => {
        const { chatId, messageIds } = envelope.data;
        return carryOut(envelope, context, envelope.data, async () => {
          await account.deleteMessages(chatId, messageIds);
          return messageIds;
        });
      },
      givenUp((data) => data),
    ),
    handle(
      telegramReact,
      (envelope, context) => {
        const { target, emoji } = envelope.data;
        return carryOut(envelope, context, target, async () => {
          await account.react(target.chatId, target.messageId, emoji);
          return [target.messageId];
        });
      },
      givenUp(({ target }) => target),
    ),
  ];
};
