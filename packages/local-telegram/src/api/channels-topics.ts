import { badRequest } from '../rpc-error.ts';
import { Api, present } from '../tl.ts';
import type { View } from '../view/view.ts';
import { now } from '../world/box.ts';
import type { Supergroup } from '../world/chats.ts';
import type { Topic } from '../world/message.ts';
import type { Call, Methods } from './call.ts';
import { supergroupOf, userOf } from './peers.ts';

const participantOf = (view: View, chat: Supergroup, member: Supergroup['members'][number]) => {
  const { userId } = view.peerUser(member);
  if (member === chat.members[0])
    return new Api.ChannelParticipantCreator({ userId, adminRights: new Api.ChatAdminRights({}) });
  if (member === view.viewer)
    return new Api.ChannelParticipantSelf({ userId, inviterId: userId, date: now() });
  return new Api.ChannelParticipant({ userId, date: now() });
};

const fullChannel = (view: View, chat: Supergroup): Api.ChannelFull =>
  new Api.ChannelFull(
    present({
      id: view.chat(chat).id,
      about: '',
      canViewParticipants: true,
      participantsCount: chat.members.length,
      readInboxMaxId: view.viewer.readUpTo.get(chat) ?? 0,
      readOutboxMaxId: 0,
      unreadCount: 0,
      chatPhoto: new Api.PhotoEmpty({ id: view.chat(chat).id }),
      notifySettings: new Api.PeerNotifySettings({}),
      botInfo: [],
      slowmodeSeconds: chat.slowModeS > 0 ? chat.slowModeS : undefined,
      pts: chat.box.pts,
    }),
  );

const topicsAnswer = (call: Call, chat: Supergroup, topics: readonly Topic[]): Api.messages.ForumTopics => {
  if (!chat.forum) throw badRequest('CHANNEL_FORUM_MISSING');
  const view = call.view();
  view.peer(chat);
  const rendered = topics.map((topic) => view.topic(chat, topic));
  const messages = rendered.flatMap(({ topMessage }) => {
    const message = chat.box.messages.get(topMessage);
    return message ? [view.message(message)] : [];
  });
  return new Api.messages.ForumTopics({
    count: chat.topics.length,
    topics: rendered,
    messages,
    pts: chat.box.pts,
    ...view.mentioned(),
  });
};

export const channelsTopics: Methods = {
  'channels.GetChannels': ({ id }, call) => {
    const view = call.view();
    return new Api.messages.Chats({ chats: id.map((channel) => view.chat(supergroupOf(call, channel))) });
  },
  'channels.GetFullChannel': ({ channel }, call) => {
    const chat = supergroupOf(call, channel);
    const view = call.view();
    view.peer(chat);
    return new Api.messages.ChatFull({ fullChat: fullChannel(view, chat), ...view.mentioned() });
  },
  'channels.GetParticipant': ({ channel, participant }, call) => {
    const chat = supergroupOf(call, channel);
    const member = userOf(call, participant);
    if (!chat.has(member)) throw badRequest('USER_NOT_PARTICIPANT');
    const view = call.view();
    return new Api.channels.ChannelParticipant({
      participant: participantOf(view, chat, member),
      ...view.mentioned(),
    });
  },
  'channels.GetParticipants': ({ channel, offset, limit }, call) => {
    const chat = supergroupOf(call, channel);
    const view = call.view();
    const participants = chat.members
      .slice(offset, offset + limit)
      .map((member) => participantOf(view, chat, member));
    return new Api.channels.ChannelParticipants({
      count: chat.members.length,
      participants,
      ...view.mentioned(),
    });
  },
  'channels.GetForumTopics': ({ channel, q = '', limit }, call) => {
    const chat = supergroupOf(call, channel);
    const found = chat.topics.filter(({ title }) => title.toLowerCase().includes(q.toLowerCase()));
    return topicsAnswer(call, chat, found.slice(0, limit));
  },
  'channels.GetForumTopicsByID': ({ channel, topics }, call) => {
    const chat = supergroupOf(call, channel);
    return topicsAnswer(
      call,
      chat,
      chat.topics.filter(({ id }) => topics.includes(id)),
    );
  },
};
