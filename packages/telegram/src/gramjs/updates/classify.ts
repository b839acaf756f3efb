import { Api } from 'telegram';
import { markedChannel, markedId } from '../ids.ts';
import { editDateOf, type MessageUpdate, messageIn } from '../messages.ts';
import type { BoxUpdate } from './box.ts';

/** Where an update belongs: into the account's own box, or into that of a channel by its marked id. */
export interface Placed {
  channel?: number;
  update: BoxUpdate;
}

const carriesChannelMessage = (
  update: Api.TypeUpdate,
): update is Api.UpdateNewChannelMessage | Api.UpdateEditChannelMessage =>
  update instanceof Api.UpdateNewChannelMessage || update instanceof Api.UpdateEditChannelMessage;

/** Undefined for the account's own box, null where it cannot be said. */
const channelOf = (update: Api.TypeUpdate): number | undefined | null => {
  if ('channelId' in update && update.channelId) return markedChannel(update.channelId);
  if (!carriesChannelMessage(update)) return undefined;
  const { peerId } = update.message;
  return peerId ? markedId(peerId) : null;
};

/** The box of an update, and its place there; null for what is in no sequence (`pts` and `pts_count` make one). */
export const placed = (update: Api.TypeUpdate): Placed | null => {
  const { pts, ptsCount } = update as { pts?: number; ptsCount?: number };
  if (typeof pts !== 'number' || typeof ptsCount !== 'number') return null;
  const channel = channelOf(update);
  if (channel === null) return null;
  const message = messageIn(update);
  return {
    ...(channel !== undefined && { channel }),
    update: { pts, ptsCount, ...(message && { message }) },
  };
};

/** A message of a difference or of a chat's history. Service messages say nothing. */
export const ofHistory = (message: Api.TypeMessage): MessageUpdate[] =>
  message instanceof Api.Message ? [{ message, edited: Boolean(editDateOf(message)), short: false }] : [];
