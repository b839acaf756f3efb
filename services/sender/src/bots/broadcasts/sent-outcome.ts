import { botEntryFields } from '@heavy/contracts';
import type { BotOutcome } from '../outcome.ts';
import type { RecipientStatus } from './broadcast.ts';

/** What became of a message, as it is kept. */
export interface SentOutcome {
  status: Exclude<RecipientStatus, 'waiting'>;
  messageId?: number;
  details?: string;
  /** Unix milliseconds. */
  at: number;
}

/** Longer details of a failure are cut: a broadcast keeps one for each recipient. */
const longestDetails = 500;

const statusOf = ({ entry, ending }: BotOutcome): SentOutcome['status'] => {
  if (entry.status === 1) return 'sent';
  return ending === 'ambiguous' ? 'ambiguous' : 'failed';
};

/** The outcome of an entry as it is kept. */
export const sentOutcome = (outcome: BotOutcome, at: number): SentOutcome => {
  const { sent_msg_id: messageId, details } = outcome.entry;
  return {
    status: statusOf(outcome),
    ...(messageId === undefined ? {} : { messageId }),
    ...(details === undefined ? {} : { details: details.slice(0, longestDetails) }),
    at,
  };
};

const placePattern = /^([0-9a-f]{24}):(0|[1-9][0-9]{0,8})$/;

/** The broadcast and the place that an entry was made for; null where it is of no broadcast of ours. */
export const placeOf = (fields: Readonly<Record<string, string>>): { id: string; place: number } | null => {
  const [, id, place] = placePattern.exec(fields[botEntryFields.broadcast] ?? '') ?? [];
  return id === undefined ? null : { id, place: Number(place) };
};
