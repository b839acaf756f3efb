import type { Broadcast } from '../bots/broadcasts/broadcast.ts';
import type { RecipientOutcome } from '../bots/broadcasts/find-outcomes.ts';
import { iso, isoOrNull } from './bot-view.ts';

/** A broadcast as the API shows it. */
export const viewOfBroadcast = (broadcast: Broadcast) => {
  const { id, botId, state, message, total, sent, failed, ambiguous, cancelled, left } = broadcast;
  return {
    ...{ id, bot_id: botId, state, ...message },
    created_at: iso(broadcast.createdAt),
    started_at: isoOrNull(broadcast.startedAt),
    ended_at: isoOrNull(broadcast.endedAt),
    ...{ total, sent, failed, ambiguous, cancelled, left },
    rate_per_second: broadcast.ratePerSecond,
    eta_seconds: broadcast.etaSeconds ?? null,
  };
};

/** What became of a recipient, as the API shows it. */
export const viewOfOutcome = ({ place, chatId, status, messageId, details, at }: RecipientOutcome) => ({
  ...{ place, chat_id: chatId, status },
  ...(messageId === undefined ? {} : { message_id: messageId }),
  ...(details === undefined ? {} : { details }),
  ...(at === undefined ? {} : { at: iso(at) }),
});
