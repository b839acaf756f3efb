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
import { PeerFlood, Refused, type TelegramAccount } from '@heavy/telegram';
import { type Outcome, sendFailure } from '../outcome.ts';
import type { Patiently } from '../patience.ts';
import type { PostedBy } from '../posted.ts';
import { placeTarget, replyTarget, withoutLostTarget } from '../reply-target.ts';
import { sendInParts, textOfEdit, textParts } from '../send-in-parts.ts';

interface Place {
  account: number;
  chatId: number;
}

interface Deps {
  account: TelegramAccount;
  outcome: Outcome;
  ask: Patiently;
  postedBy: PostedBy;
  log: Logger;
}

/** Carries `commands.telegram.reply`, `.edit`, `.delete` and `.react` out, and says how each ended. */
export const telegramCommands = ({ account, outcome, ask, postedBy, log }: Deps) => {
  /** Runs `work` and publishes `events.telegram.sent` or `.send_failed`. */
  const carryOut = async (
    envelope: Envelope<object>,
    { publish }: HandlerContext,
    at: Place,
    work: () => Promise<number[]>,
  ): Promise<void> => {
    const about = {
      ...{ commandId: envelope.id, commandType: envelope.type },
      ...{ account: at.account, chatId: at.chatId },
    };
    try {
      publish(telegramSent, { ...about, messageIds: await work() });
    } catch (error) {
      if (!(error instanceof Refused || error instanceof PeerFlood)) throw error;
      log.warn({ ...about, err: error }, 'Telegram refused a command');
      publish(telegramSendFailed, sendFailure(envelope, at, error, postedBy(envelope)));
    }
  };

  /** For what failed for the last time. */
  const givenUp = <T extends object>(placeOf: (data: T) => Place) => ({
    exhausted: async (envelope: Envelope<T>, { publish, error }: HandlerContext & { error: unknown }) =>
      publish(telegramSendFailed, sendFailure(envelope, placeOf(envelope.data), error, postedBy(envelope))),
  });

  return [
    handle(
      telegramReply,
      (envelope, context) => {
        const { data, id } = envelope;
        if ('failure' in data) return outcome.fail({ ...envelope, data }, context, data.failure);
        const { text, format } = data;
        const [at, target, answering] =
          'origin' in data
            ? [data.origin, replyTarget(data.origin), { answers: data.origin.userId }]
            : [data.target, placeTarget(data.target), { replyTo: data.target.replyTo }];
        const { chatId } = at;
        const posted = postedBy(envelope);
        const parts = textParts(text, format);
        const send = sendInParts(account, { chatId, parts, randomKey: id, posted });
        return carryOut(envelope, context, at, async () => {
          await ask(() => withoutLostTarget(target, send), context.signal, {
            ...{ method: 'send', chatId, ...answering },
          });
          return [...posted];
        });
      },
      {
        exhausted: async (envelope, context) => {
          const { data } = envelope;
          if ('origin' in data) await outcome.giveUp({ ...envelope, data }, context);
          else
            context.publish(
              telegramSendFailed,
              sendFailure(envelope, data.target, context.error, postedBy(envelope)),
            );
        },
      },
    ),
    handle(
      telegramEdit,
      (envelope, context) => {
        const { target, text, format } = envelope.data;
        const { chatId, messageId } = target;
        return carryOut(envelope, context, target, async () => {
          const edit = { chatId, messageId, ...textOfEdit(text, format) };
          await ask(() => account.editText(edit), context.signal, {
            ...{ method: 'edit', chatId, messageIds: [messageId] },
          });
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
          await ask(() => account.deleteMessages(chatId, messageIds), context.signal, {
            ...{ method: 'delete', chatId, messageIds },
          });
          return messageIds;
        });
      },
      givenUp((data) => data),
    ),
    handle(
      telegramReact,
      (envelope, context) => {
        const { target, emoji } = envelope.data;
        const { chatId, messageId } = target;
        return carryOut(envelope, context, target, async () => {
          await ask(() => account.react(chatId, messageId, emoji), context.signal, {
            ...{ method: 'react', chatId, messageIds: [messageId] },
          });
          return [messageId];
        });
      },
      givenUp(({ target }) => target),
    ),
  ];
};
