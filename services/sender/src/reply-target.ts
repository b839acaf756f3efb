import type { Origin } from '@heavy/contracts';
import { Refused } from '@heavy/telegram';

/** Where in a chat a message goes. */
export interface ReplyTarget {
  replyTo?: number;
  topicId?: number;
}

/** An answer is a reply to the asking message, in the asking topic. */
export const replyTarget = ({ messageId, topicId }: Origin): ReplyTarget => ({
  replyTo: messageId,
  ...(topicId === undefined ? {} : { topicId }),
});

/** Without what the place is in. */
export const placeTarget = ({
  replyTo,
  topicId,
}: {
  replyTo?: number | undefined;
  topicId?: number | undefined;
}): ReplyTarget => ({
  ...(replyTo === undefined ? {} : { replyTo }),
  ...(topicId === undefined ? {} : { topicId }),
});

/** What Telegram says when the message to reply to is no longer there. */
const lostTarget = new Set([
  'REPLY_MESSAGE_ID_INVALID',
  'REPLY_TO_INVALID',
  'MESSAGE_ID_INVALID',
  'MSG_ID_INVALID',
]);

/** Sends, and sends as a plain message of the same topic where the message to reply to was deleted meanwhile. */
export const withoutLostTarget = async <T>(
  target: ReplyTarget,
  send: (target: ReplyTarget) => Promise<T>,
): Promise<T> => {
  try {
    return await send(target);
  } catch (error) {
    const isLost = error instanceof Refused && lostTarget.has(error.code);
    if (!isLost || target.replyTo === undefined) throw error;
    return send(target.topicId === undefined ? {} : { topicId: target.topicId });
  }
};
