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
const changedChannels = (call: Call, sinceDate: number): Supergroup[] =>
  call.world
    .chatsOf(call.account)
    .filter((chat) => chat instanceof Supergroup)
    .filter(({ box }) => (box.events.at(-1)?.date ?? 0) >= sinceDate);

const channelTooLong = ({ channelId, box }: Supergroup) =>
  new Api.UpdateChannelTooLong({ channelId: long(channelId), pts: box.pts });

const difference = (request: Api.updates.GetDifference, call: Call): Api.updates.TypeDifference => {
  const { mailbox } = call.account;
  if (request.pts <= 0) throw badRequest('PERSISTENT_TIMESTAMP_EMPTY');
  if (request.pts > mailbox.pts) throw badRequest('PERSISTENT_TIMESTAMP_INVALID');
  const { slice: maxSlice, mailboxTooLong } = call.dc.limits;
  const { events, count } = mailbox.since(request.pts, Math.min(request.ptsLimit ?? maxSlice, maxSlice));
  if (count > Math.min(request.ptsTotalLimit ?? mailboxTooLong, mailboxTooLong))
    return new Api.updates.DifferenceTooLong({ pts: mailbox.pts });
  const channels = changedChannels(call, request.date);
  if (count === 0 && channels.length === 0)
    return new Api.updates.DifferenceEmpty({ date: now(), seq: call.authKey.seq });
  const view = call.view();
  const { newMessages, otherUpdates } = changesOf(view, mailbox, events);
  const body = {
    newMessages,
    newEncryptedMessages: [],
    otherUpdates: [...otherUpdates, ...channels.map(channelTooLong)],
  };
  for (const channel of channels) view.peer(channel);
  const last = events.at(-1);
  if (events.length < count && last)
    return new Api.updates.DifferenceSlice({
      ...body,
      ...view.mentioned(),
      intermediateState: stateOf(call, last),
    });
  return new Api.updates.Difference({ ...body, ...view.mentioned(), state: stateOf(call) });
};

const startAfresh = (call: Call, chat: Supergroup): Api.updates.ChannelDifferenceTooLong => {
  const view = call.view();
  const recent = [...chat.copiesFor(call.account).take(call.dc.limits.slice)].map(([, message]) => message);
  const [top] = recent;
  if (!top) throw new Error(`"${chat.title}" has lost its first message`);
  const dialog = dialogOf(call, view, { chat, top });
  const messages = recent.map((message) => view.message(message));
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
  const { events, count } = box.since(request.pts, Math.min(request.limit, call.dc.limits.slice));
  if (count === 0)
    return new Api.updates.ChannelDifferenceEmpty({ final: true, pts: box.pts, timeout: channelTimeoutS });
  if (count > call.dc.limits.channelTooLong) return startAfresh(call, chat);
  const view = call.view();
  view.peer(chat);
  const changes = changesOf(view, box, events, chat);
  return new Api.updates.ChannelDifference(
    present({
      final: events.length === count || undefined,
      pts: events.at(-1)?.pts ?? box.pts,
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
