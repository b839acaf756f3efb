import { badRequest } from '../rpc-error.ts';
import { Api, long, present } from '../tl.ts';
import type { View } from '../view/view.ts';
import { type Box, type BoxEvent, now } from '../world/box.ts';
import { Supergroup } from '../world/chats.ts';
import type { Call, Methods } from './call.ts';
import { dialogOf, stateOf } from './dialogs.ts';
import { supergroupOf } from './peers.ts';

/** How long a client may wait before it asks for a channel's difference again, in seconds. */
const channelTimeoutS = 30;

/** New messages as they are now, without those that are gone, and all else as the updates that they were. */
const changesOf = (view: View, box: Box, events: readonly BoxEvent[], chat?: Supergroup) => ({
  newMessages: events.flatMap((event) =>
    event.kind === 'new' && box.messages.has(event.message.idFor(view.viewer))
      ? [view.message(event.message)]
      : [],
  ),
  otherUpdates: events
    .filter((event) => event.kind === 'delete' || (event.kind === 'edit' && !event.message.deleted))
    .map((event) => view.boxUpdate(box, event, chat)),
});

/** Supergroups are not in the common sequence: of those that changed since, the client is told to ask. */
const changedChannels = (call: Call, sinceDate: number): Api.UpdateChannelTooLong[] =>
  call.world
    .chatsOf(call.account)
    .filter((chat) => chat instanceof Supergroup)
    .filter(({ box }) => (box.events.at(-1)?.date ?? 0) >= sinceDate)
    .map(({ channelId, box }) => new Api.UpdateChannelTooLong({ channelId: long(channelId), pts: box.pts }));

const difference = (request: Api.updates.GetDifference, call: Call): Api.updates.TypeDifference => {
  const { mailbox } = call.account;
  if (request.pts <= 0) throw badRequest('PERSISTENT_TIMESTAMP_EMPTY');
  if (request.pts > mailbox.pts) throw badRequest('PERSISTENT_TIMESTAMP_INVALID');
  const missed = mailbox.events.filter(({ pts }) => pts > request.pts);
  if (missed.length > (request.ptsTotalLimit ?? call.dc.limits.mailboxTooLong))
    return new Api.updates.DifferenceTooLong({ pts: mailbox.pts });
  const channels = changedChannels(call, request.date);
  if (missed.length === 0 && channels.length === 0)
    return new Api.updates.DifferenceEmpty({ date: now(), seq: 0 });
  const view = call.view();
  const slice = missed.slice(0, Math.min(request.ptsLimit ?? Infinity, call.dc.limits.slice));
  const { newMessages, otherUpdates } = changesOf(view, mailbox, slice);
  const body = {
    newMessages,
    newEncryptedMessages: [],
    otherUpdates: [...otherUpdates, ...channels],
  };
  for (const channel of channels) {
    const chat = call.world.chats.find(
      (one) => one instanceof Supergroup && long(one.channelId).equals(channel.channelId),
    );
    if (chat) view.peer(chat);
  }
  const last = slice.at(-1);
  if (slice.length < missed.length && last)
    return new Api.updates.DifferenceSlice({
      ...body,
      ...view.mentioned(),
      intermediateState: stateOf(call, last.pts),
    });
  return new Api.updates.Difference({ ...body, ...view.mentioned(), state: stateOf(call) });
};

const channelTooLong = (call: Call, chat: Supergroup): Api.updates.ChannelDifferenceTooLong => {
  const view = call.view();
  const recent = [...chat.box.messages.values()].slice(-call.dc.limits.slice);
  const top = recent.at(-1);
  if (!top) throw new Error(`"${chat.title}" has lost its first message`);
  const dialog = dialogOf(call, view, { chat, top });
  const messages = recent.toReversed().map((message) => view.message(message));
  return new Api.updates.ChannelDifferenceTooLong({
    final: true,
    timeout: channelTimeoutS,
    dialog,
    messages,
    ...view.mentioned(),
  });
};

const channelDifference = (
  request: Api.updates.GetChannelDifference,
  call: Call,
): Api.updates.TypeChannelDifference => {
  const chat = supergroupOf(call, request.channel);
  const { box } = chat;
  if (request.pts <= 0) throw badRequest('PERSISTENT_TIMESTAMP_EMPTY');
  if (request.pts > box.pts) throw badRequest('PERSISTENT_TIMESTAMP_INVALID');
  if (request.limit <= 0) throw badRequest('LIMIT_INVALID');
  const missed = box.events.filter(({ pts }) => pts > request.pts);
  if (missed.length === 0)
    return new Api.updates.ChannelDifferenceEmpty({ final: true, pts: box.pts, timeout: channelTimeoutS });
  if (missed.length > call.dc.limits.channelTooLong) return channelTooLong(call, chat);
  const slice = missed.slice(0, Math.min(request.limit, call.dc.limits.slice));
  const view = call.view();
  view.peer(chat);
  const changes = changesOf(view, box, slice, chat);
  return new Api.updates.ChannelDifference(
    present({
      final: slice.length === missed.length || undefined,
      pts: slice.at(-1)?.pts ?? box.pts,
      timeout: channelTimeoutS,
      ...changes,
      ...view.mentioned(),
    }),
  );
};

/** https://core.telegram.org/api/updates#recovering-gaps */
export const updates: Methods = {
  'updates.GetState': (_, call) => stateOf(call),
  'updates.GetDifference': difference,
  'updates.GetChannelDifference': channelDifference,
};
