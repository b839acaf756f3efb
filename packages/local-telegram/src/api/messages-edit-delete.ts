import { badRequest, forbidden } from '../rpc-error.ts';
import { Api } from '../tl.ts';
import { now } from '../world/box.ts';
import type { Edit, WorldChat } from '../world/chat.ts';
import type { Supergroup } from '../world/chats.ts';
import { completeEntities, sameEntities } from '../world/entities.ts';
import type { WorldMessage } from '../world/message.ts';
import type { Call, Methods } from './call.ts';
import { inputMedia } from './input-media.ts';
import { checkLength, entitiesOf } from './messages-send.ts';
import { chatOf, supergroupOf } from './peers.ts';

/** As clients have it; what the server calls a longer list is not documented, and the name below is ours. */
const maxDeletedAtOnce = 100;

/** @throws {RpcError} `MESSAGE_ID_INVALID` where the account sees no such message in that chat. */
export const messageOf = (call: Call, chat: WorldChat, id: number): WorldMessage => {
  const message = chat.boxOf(call.account).messages.get(id);
  if (!message || message.chat !== chat || message.service) throw badRequest('MESSAGE_ID_INVALID');
  return message;
};

/** What is new in an edit. @throws {RpcError} `MESSAGE_NOT_MODIFIED` where nothing is. */
const editOf = async (
  call: Call,
  message: WorldMessage,
  request: Api.messages.EditMessage,
): Promise<Edit> => {
  const media = request.media && (await inputMedia(call, request.media));
  const text = request.message ?? message.text;
  const entities = request.message === undefined ? [...message.entities] : entitiesOf(text, request.entities);
  checkLength(text, (media ?? message.media) !== undefined);
  const unchanged = text === message.text && sameEntities(completeEntities(text, entities), message.entities);
  if (unchanged && (media === undefined || media === message.media)) throw badRequest('MESSAGE_NOT_MODIFIED');
  return { text, entities, ...(media ? { media } : {}) };
};

/** Removes messages from one box, and answers with what that did to its `pts`. */
const affected = (chatBox: { readonly pts: number }, before: number): Api.messages.AffectedMessages =>
  new Api.messages.AffectedMessages({ pts: chatBox.pts, ptsCount: chatBox.pts - before });

export const messagesEditDelete: Methods = {
  'messages.EditMessage': async (request, call) => {
    const chat = chatOf(call, request.peer);
    const message = messageOf(call, chat, request.id);
    if (message.from !== call.account) throw forbidden('MESSAGE_AUTHOR_REQUIRED');
    chat.edit(message, await editOf(call, message, request), call.cause);
    const change = chat
      .boxOf(call.account)
      .events.findLast((one) => one.kind === 'edit' && one.message === message);
    if (!change) throw new Error(`no event of the edit of ${message}`);
    const view = call.view();
    const updates = [view.update({ chat, change })];
    return new Api.Updates({ updates, ...view.mentioned(), date: now(), seq: 0 });
  },
  'messages.DeleteMessages': ({ id: ids, revoke }, call) => {
    const { account } = call;
    if (ids.length > maxDeletedAtOnce) throw badRequest('MESSAGE_IDS_TOO_MUCH');
    const before = account.mailbox.pts;
    const found = ids.flatMap((id) => account.mailbox.messages.get(id) ?? []);
    for (const [chat, messages] of Map.groupBy(found, (message) => message.chat)) {
      // In a group only one's own messages can be taken back from everybody; in a private chat the other's too.
      const revocable = (message: WorldMessage) =>
        (revoke ?? false) && (chat.type === 'private' || message.from === account);
      const { true: forAll = [], false: here = [] } = Object.groupBy(
        messages,
        (message) => `${revocable(message)}`,
      );
      if (forAll.length > 0) chat.remove(forAll, 'everybody', call.cause);
      if (here.length > 0) chat.remove(here, account, call.cause);
    }
    return affected(account.mailbox, before);
  },
  'channels.DeleteMessages': ({ channel, id: ids }, call) => {
    const chat: Supergroup = supergroupOf(call, channel);
    if (ids.length > maxDeletedAtOnce) throw badRequest('MESSAGE_IDS_TOO_MUCH');
    const before = chat.box.pts;
    const found = ids.flatMap((id) => chat.box.messages.get(id) ?? []);
    if (found.some((message) => message.from !== call.account)) throw forbidden('MESSAGE_DELETE_FORBIDDEN');
    if (found.length > 0) chat.remove(found, 'everybody', call.cause);
    return affected(chat.box, before);
  },
};
