import type { BotMessage } from '@heavy/contracts';

/**
 * `draft`: recipients may be added. `running` and `paused`: as they say. `completed`: the outcome of each recipient is known.
 * `cancelled`: nobody gets it any more; it has ended once `endedAt` is there.
 */
export const broadcastStates = ['draft', 'running', 'paused', 'completed', 'cancelled'] as const;
export type BroadcastState = (typeof broadcastStates)[number];

/** `waiting`: not known yet. `ambiguous`: Telegram may have it or not, and it is not sent again. */
export const recipientStatuses = ['waiting', 'sent', 'failed', 'ambiguous', 'cancelled'] as const;
export type RecipientStatus = (typeof recipientStatuses)[number];

type Message = Extract<BotMessage, { type: 'send_msg' }>['data'];
/** What a broadcast says to everybody. */
export type BroadcastMessage = Pick<Message, 'text' | 'reply_markup' | 'external_id'>;

/** How a broadcast stands. Times are Unix milliseconds. */
export interface Broadcast {
  id: string;
  botId: number;
  state: BroadcastState;
  message: BroadcastMessage;
  createdAt: number;
  startedAt: number | undefined;
  endedAt: number | undefined;
  total: number;
  /** Recipients that were put into the stream so far. */
  fed: number;
  sent: number;
  failed: number;
  ambiguous: number;
  cancelled: number;
  /** Recipients whose outcome is not known yet. */
  left: number;
  /** Recipients a second, over the last minute. */
  ratePerSecond: number;
  /** Undefined while nobody can tell. */
  etaSeconds: number | undefined;
}

const minuteMs = 60_000;

/** Of this minute and the one before, the part that is within 60 s; since its start, where that is later. */
const rateOf = (hash: Record<string, string>, startedAt: number, now: number): number => {
  const minute = Math.floor(now / minuteMs);
  const noted = Number(hash['minute'] ?? 0);
  const done = Number(hash['minuteDone'] ?? 0);
  const [inThis, inLast] =
    noted === minute ? [done, Number(hash['minuteBefore'] ?? 0)] : noted === minute - 1 ? [0, done] : [0, 0];
  const within = inThis + inLast * (1 - (now % minuteMs) / minuteMs);
  const seconds = Math.min(Math.max((now - startedAt) / 1000, 1), 60);
  return Math.round((within / seconds) * 100) / 100;
};

/** How many recipients there are, and what became of them. */
type Counts = Pick<Broadcast, 'total' | 'fed' | 'left' | 'sent' | 'failed' | 'ambiguous' | 'cancelled'>;

/** Fields of a broadcast's hash that `countsFrom` reads. */
export const countFields = ['total', 'fed', 'done', 'sent', 'failed', 'ambiguous', 'cancelled'] as const;

/** Counts from the hash of a broadcast in that state. */
export const countsFrom = (state: BroadcastState, hash: Readonly<Record<string, unknown>>): Counts => {
  const [total = 0, fed = 0, done = 0, sent = 0, failed = 0, ambiguous = 0, cancelled = 0] = countFields.map(
    (field) => Number(hash[field] ?? 0),
  );
  const isCancelled = state === 'cancelled';
  return {
    ...{ total, fed, sent, failed, ambiguous },
    cancelled: cancelled + (isCancelled ? total - fed : 0),
    left: (isCancelled ? fed : total) - done,
  };
};

/** Reads what Redis holds of a broadcast, its hash; null where that is nothing. */
export const broadcastFrom = (id: string, hash: Record<string, string>, now: number): Broadcast | null => {
  const { state, message } = hash;
  if (state === undefined || message === undefined) return null;
  const number = (field: string): number => Number(hash[field] ?? 0);
  const time = (field: string): number | undefined => (hash[field] === undefined ? undefined : number(field));
  const { bot_id: _, ...content } = JSON.parse(message) as BroadcastMessage & { bot_id: number };
  const startedAt = time('startedAt');
  const counts = countsFrom(state as BroadcastState, hash);
  const isMoving = state === 'running' || state === 'paused';
  const ratePerSecond = isMoving && startedAt !== undefined ? rateOf(hash, startedAt, now) : 0;
  return {
    ...{ id, botId: number('botId'), state: state as BroadcastState, message: content },
    ...{ createdAt: number('createdAt'), startedAt, endedAt: time('endedAt') },
    ...counts,
    ratePerSecond,
    etaSeconds: state === 'running' && ratePerSecond > 0 ? Math.ceil(counts.left / ratePerSecond) : undefined,
  };
};
