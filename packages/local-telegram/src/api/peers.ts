import { badRequest, notAcceptable } from '../rpc-error.ts';
import { Api, idOf, nativeLong } from '../tl.ts';
import { accessTarget } from '../view/view.ts';
import type { WorldChat } from '../world/chat.ts';
import { Group, Supergroup } from '../world/chats.ts';
import type { WorldUser } from '../world/user.ts';
import type { Call } from './call.ts';

/** The hash that Telegram accepts from a bot for whomever it has met. */
const noHash = 0n;

const checkHash = (call: Call, target: string, shown: bigint, refusal: string): void => {
  const right = call.world.accessHashes.of(call.account.id, target);
  if (shown !== right && !(call.account.bot && shown === noHash)) throw badRequest(refusal);
};

/**
 * The user that is meant, if this account may address it.
 * @throws {RpcError} `PEER_ID_INVALID`, also on an access hash that is another account's.
 */
export const userOf = (call: Call, input: unknown): WorldUser => {
  if (input instanceof Api.InputUserSelf || input instanceof Api.InputPeerSelf) return call.account;
  if (!(input instanceof Api.InputUser || input instanceof Api.InputPeerUser))
    throw badRequest('PEER_ID_INVALID');
  const user = call.world.findUser(idOf(input.userId));
  if (!user) throw badRequest('PEER_ID_INVALID');
  if (user !== call.account)
    checkHash(call, accessTarget.user(user), nativeLong(input.accessHash), 'PEER_ID_INVALID');
  return user;
};

/** @throws {RpcError} `CHANNEL_INVALID` on an unknown id or a wrong access hash, `CHANNEL_PRIVATE` to a stranger. */
export const supergroupOf = (call: Call, input: unknown): Supergroup => {
  if (!(input instanceof Api.InputChannel || input instanceof Api.InputPeerChannel))
    throw badRequest('CHANNEL_INVALID');
  const id = idOf(input.channelId);
  const found = call.world.chats.find((chat) => chat instanceof Supergroup && chat.channelId === id);
  if (!(found instanceof Supergroup)) throw badRequest('CHANNEL_INVALID');
  checkHash(call, accessTarget.channel(id), nativeLong(input.accessHash), 'CHANNEL_INVALID');
  if (!found.has(call.account)) throw notAcceptable('CHANNEL_PRIVATE');
  return found;
};

/** Whether an input peer names that chat of that account, as far as its id tells. */
export const isPeer = (chat: WorldChat, account: WorldUser, peer: unknown): boolean => {
  const id = chat.markedIdFor(account);
  if (peer instanceof Api.InputPeerUser) return idOf(peer.userId) === id;
  if (peer instanceof Api.InputPeerSelf) return account.id === id;
  if (peer instanceof Api.InputPeerChat) return -idOf(peer.chatId) === id;
  return (
    chat instanceof Supergroup &&
    peer instanceof Api.InputPeerChannel &&
    idOf(peer.channelId) === chat.channelId
  );
};

/** @throws {RpcError} `CHAT_ID_INVALID` where the account is in no such group. */
export const groupOf = (call: Call, chatId: number): Group => {
  const found = call.world.chats.find((chat) => chat instanceof Group && chat.chatId === chatId);
  if (!(found instanceof Group) || !found.has(call.account)) throw badRequest('CHAT_ID_INVALID');
  return found;
};

/** The chat that an input peer means to this account. @throws {RpcError} */
export const chatOf = (call: Call, peer: unknown): WorldChat => {
  if (peer instanceof Api.InputPeerChat) return groupOf(call, idOf(peer.chatId));
  if (peer instanceof Api.InputPeerChannel) return supergroupOf(call, peer);
  return call.world.privateChat(call.account, userOf(call, peer));
};
