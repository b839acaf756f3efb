import bigInt from 'big-integer';
import { Api } from 'telegram';
import { describe, expect, it } from 'vitest';
import { messagesIn, toIncomingMessage, toSentMessage } from './messages.ts';

const selfId = 1;
const user = (id: number) => new Api.PeerUser({ userId: bigInt(id) });
const channel = new Api.PeerChannel({ channelId: bigInt(1_500_000_500) });
const message = (more: Partial<ConstructorParameters<typeof Api.Message>[0]> = {}) =>
  new Api.Message({ id: 5, peerId: channel, fromId: user(2), date: 100, message: 'text', ...more });
const read = (given: Api.Message) =>
  toIncomingMessage(given, { selfId, look: () => undefined, receivedAt: 1000 });
const updates = (list: Api.TypeUpdate[]) =>
  new Api.Updates({ updates: list, users: [], chats: [], date: 0, seq: 0 });

describe('toIncomingMessage', () => {
  it.each([
    ['an answer', { replyToMsgId: 9 }, { replyTo: 9 }],
    ['a comment in a thread that is no topic', { replyToMsgId: 9, replyToTopId: 3 }, { replyTo: 9 }],
    [
      'an answer to a message of another chat',
      { replyToMsgId: 9, replyToPeerId: new Api.PeerChat({ chatId: bigInt(5) }) },
      { replyTo: 9, replyToChat: -5 },
    ],
    ['a message in a topic', { forumTopic: true, replyToMsgId: 3 }, { topicId: 3 }],
    [
      'an answer in a topic',
      { forumTopic: true, replyToMsgId: 9, replyToTopId: 3 },
      { replyTo: 9, topicId: 3 },
    ],
    ['an answer to a story or a quote from elsewhere', {}, {}],
  ])('tells %s from the others', (_, header, expected) => {
    const { replyTo, replyToChat, topicId } = read(message({ replyTo: new Api.MessageReplyHeader(header) }));
    const found = { replyTo, replyToChat, topicId };
    expect(found).toEqual({ replyTo: undefined, replyToChat: undefined, topicId: undefined, ...expected });
  });

  it('tells what was forwarded, also in a short form', () => {
    const fwdFrom = new Api.MessageFwdHeader({ date: 50, fromId: user(3) });
    expect(read(message({ fwdFrom })).forwarded).toBe(true);
    expect(read(message())).not.toHaveProperty('forwarded');
    const short = new Api.UpdateShortMessage({
      ...{ id: 1, userId: bigInt(2), message: '.grace', pts: 1, ptsCount: 1, date: 100, fwdFrom },
    });
    expect(messagesIn(short, selfId)).toMatchObject([{ message: { fwdFrom } }]);
  });

  it('takes a channel’s post as written by the channel', () => {
    const { fromId: _, ...unsigned } = message();
    expect(read(unsigned as Api.Message).sender).toEqual({ id: -1_001_500_000_500 });
  });

  it('takes for edited what its author changed, and not what got a reaction or a preview', () => {
    expect(read(message({ editDate: 130 }))).toMatchObject({ edited: true, editDate: 130 });
    const reacted = read(message({ editDate: 130, editHide: true }));
    expect(reacted.edited).toBe(false);
    expect(reacted).not.toHaveProperty('editDate');
  });

  it('takes a link preview as no media', () => {
    const media = new Api.MessageMediaWebPage({ webpage: new Api.WebPageEmpty({ id: bigInt(1) }) });
    expect(read(message({ media }))).not.toHaveProperty('media');
  });
});

describe('messagesIn', () => {
  it('finds new and edited messages, and passes over what is neither', () => {
    const pts = { pts: 1, ptsCount: 1 };
    const service = new Api.MessageService({
      id: 6,
      peerId: channel,
      date: 1,
      action: new Api.MessageActionEmpty(),
    });
    const found = messagesIn(
      updates([
        new Api.UpdateNewChannelMessage({ message: message(), ...pts }),
        new Api.UpdateNewChannelMessage({ message: service, ...pts }),
        new Api.UpdateEditMessage({ message: message({ id: 7 }), ...pts }),
        new Api.UpdateDeleteMessages({ messages: [5], ...pts }),
      ]),
      selfId,
    );
    expect(found.map(({ message, edited }) => [message.id, edited])).toEqual([
      [5, false],
      [7, true],
    ]);
  });

  it.each([
    [false, 2],
    [true, selfId],
  ])('writes out a short private message, outgoing: %s', (out, senderId) => {
    const short = new Api.UpdateShortMessage({
      out,
      id: 8,
      userId: bigInt(2),
      message: 'hi',
      pts: 1,
      ptsCount: 1,
      date: 100,
    });
    const [found] = messagesIn(short, selfId);
    expect(found?.short).toBe(true);
    expect(read(found?.message as Api.Message)).toMatchObject({
      id: 8,
      chat: { id: 2, type: 'private' },
      sender: { id: senderId },
      outgoing: out,
    });
  });
});

describe('toSentMessage', () => {
  it('takes the id that answers the randomId, among several', () => {
    const id = (randomId: number, given: number) =>
      new Api.UpdateMessageID({ randomId: bigInt(randomId), id: given });
    expect(toSentMessage(updates([id(3, 30), id(-4, 40)]), -4n)).toEqual({ messageId: 40, duplicate: false });
  });
});
