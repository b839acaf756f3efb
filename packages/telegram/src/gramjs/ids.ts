import type { BigInteger } from 'big-integer';
import { Api } from 'telegram';

/** Telegram's offset between a channel's own id and its marked one (https://core.telegram.org/api/bots/ids). */
const channelOffset = 1_000_000_000_000;

export const markedChannel = (id: BigInteger): number => -(channelOffset + id.toJSNumber());
export const markedGroup = (id: BigInteger): number => -id.toJSNumber();

export const markedId = (peer: Api.TypePeer): number => {
  if (peer instanceof Api.PeerUser) return peer.userId.toJSNumber();
  if (peer instanceof Api.PeerChat) return markedGroup(peer.chatId);
  return markedChannel(peer.channelId);
};

/** A marked id's kind, and the id without its mark. */
export const unmarked = (id: number): { kind: 'user' | 'group' | 'channel'; bare: number } => {
  if (id >= 0) return { kind: 'user', bare: id };
  if (id > -channelOffset) return { kind: 'group', bare: -id };
  return { kind: 'channel', bare: -id - channelOffset };
};
