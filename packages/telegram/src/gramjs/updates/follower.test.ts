import bigInt from 'big-integer';
import { Api } from 'telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UpdateState, UpdateStore } from '../../account.ts';
import { AuthLost, FloodWait, NotConnected, Refused } from '../../errors.ts';
import { memoryPeerStore } from '../../peer-store.ts';
import type { Call } from '../connections.ts';
import { markedChannel } from '../ids.ts';
import type { MessageUpdate } from '../messages.ts';
import { Peers } from '../peers.ts';
import { Follower } from './follower.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const nowS = () => Math.floor(Date.now() / 1000);
const newsId = bigInt(500);
const news = markedChannel(newsId);

const channelOf = (fields: Partial<Api.Channel> = {}) =>
  new Api.Channel({
    ...{ id: newsId, accessHash: bigInt(1), title: 'News', date: 0, megagroup: true },
    ...{ photo: new Api.ChatPhotoEmpty(), ...fields },
  });
const message = (peerId: Api.TypePeer, id: number, text: string, date = nowS()) =>
  new Api.Message({ id, peerId, date, message: text });
const inNews = (id: number, text: string, date?: number) =>
  message(new Api.PeerChannel({ channelId: newsId }), id, text, date);
const fromAlice = (id: number, text: string) => message(new Api.PeerUser({ userId: bigInt(7) }), id, text);
const container = (updates: Api.TypeUpdate[], { chats = [channelOf()], seq = 0, date = nowS() } = {}) =>
  new Api.Updates({ updates, users: [], chats, date, seq });
const pushed = (pts: number, text: string) =>
  container([new Api.UpdateNewChannelMessage({ message: inNews(pts, text), pts, ptsCount: 1 })]);
const stateAt = (pts: number, fields: Partial<Api.updates.State> = {}) =>
  new Api.updates.State({ pts, qts: 0, date: nowS(), seq: 0, unreadCount: 0, ...fields });
const channelDifference = (pts: number, newMessages: Api.TypeMessage[], chats = [channelOf()]) =>
  new Api.updates.ChannelDifference({
    ...{ final: true, pts, newMessages, otherUpdates: [], chats, users: [] },
  });
const fullChannel = (pts: number, chats = [channelOf()]) => ({ fullChat: fullChat(pts), chats, users: [] });
const fullChat = (pts: number) => Object.assign(new Api.ChannelFull({} as Api.ChannelFull), { pts });
const historyOf = (messages: Api.Message[]) => new Api.messages.Messages({ messages, chats: [], users: [] });
const dialogOf = (peer: Api.TypePeer, fields: { pts?: number; topMessage?: number; pinned?: boolean }) =>
  new Api.Dialog({
    ...{ peer, topMessage: 1, readInboxMaxId: 0, readOutboxMaxId: 0, unreadCount: 0 },
    ...{ unreadMentionsCount: 0, unreadReactionsCount: 0 },
    ...{ notifySettings: new Api.PeerNotifySettings({}), ...fields },
  });
const known = (channels: [number, number][] = []): UpdateState => ({
  ...{ pts: 10, qts: 0, seq: 0, date: nowS(), channels: new Map(channels) },
});

/** What the answers go by, each as far as its request has it. */
interface Asked {
  pts: number;
  offsetId: number;
  peer: Api.InputPeerUser;
}

/** A follower that is spoken to by a Telegram which says what it is told to. */
const scene = (state: UpdateState | null = known([[news, 100]]), isBot = false) => {
  const answers: Record<string, (request: Asked) => unknown> = {
    'updates.GetState': () => stateAt(10),
    'updates.GetDifference': () => new Api.updates.DifferenceEmpty({ date: nowS(), seq: 0 }),
    'updates.GetChannelDifference': ({ pts }) => new Api.updates.ChannelDifferenceEmpty({ final: true, pts }),
    'messages.GetDialogs': () =>
      new Api.messages.Dialogs({ dialogs: [], messages: [], chats: [], users: [] }),
    'messages.GetHistory': () => historyOf([]),
    'channels.GetFullChannel': () => fullChannel(100),
  };
  const calls: Api.AnyRequest[] = [];
  const call: Call = async (request) => {
    calls.push(request);
    return (await answers[request.className]?.(request as unknown as Asked)) as never;
  };
  const peers = new Peers(
    () => memoryPeerStore(),
    async () => null,
    log,
  );
  peers.remember({ chats: [channelOf()] });
  const saved: Partial<UpdateState>[] = [];
  const store = {
    load: vi.fn<UpdateStore['load']>(async () => state),
    save: vi.fn<UpdateStore['save']>(async (changes) => void saved.push(changes)),
    forget: vi.fn<UpdateStore['forget']>(async () => {}),
  };
  const told: string[] = [];
  const tell = vi.fn(async ({ message: { message: text } }: MessageUpdate): Promise<void> => {
    told.push(text);
  });
  const follower = new Follower({
    ...{ call, peers, log, tell, store: () => store, recoverS: 3600 },
    self: () => ({ id: 1, isBot }),
  });
  return {
    ...{ answers, calls, peers, store, saved, told, tell, follower },
    asked: (method: string) => calls.filter(({ className }) => className === method).length,
    /** What the store would give after all of it. */
    written: () => ({
      ...Object.assign({}, ...saved),
      channels: new Map(saved.flatMap(({ channels = new Map() }) => [...channels])),
    }),
    start: async () => {
      follower.greeted(stateAt(10));
      follower.online();
      await vi.advanceTimersByTimeAsync(100);
    },
    after: (ms: number) => vi.advanceTimersByTimeAsync(ms),
  };
};

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  const left = vi.getTimerCount();
  vi.clearAllTimers();
  vi.useRealTimers();
  expect(left).toBe(0);
});

describe('Follower', () => {
  it('leaves a channel alone that it is shut out of, though something was missing there', async () => {
    const { start, after, answers, asked, told, store, follower } = scene();
    await start();
    answers['updates.GetChannelDifference'] = () => {
      throw new Refused('CHANNEL_PRIVATE', 'updates.GetChannelDifference');
    };
    follower.receive(pushed(103, 'after a gap'));
    await after(60_000);
    expect(asked('updates.GetChannelDifference')).toBe(2);
    expect(told).toEqual(['after a gap']);
    expect(store.forget).toHaveBeenCalledWith([news]);
    await follower.stop(0);
  });

  it('does not bring a forgotten channel back with what is settled later', async () => {
    const { start, after, answers, tell, store, follower } = scene();
    await start();
    const gate = Promise.withResolvers<void>();
    tell.mockImplementationOnce(() => gate.promise);
    follower.receive(pushed(101, 'open'));
    answers['updates.GetChannelDifference'] = () => {
      throw new Refused('CHANNEL_PRIVATE', 'updates.GetChannelDifference');
    };
    follower.receive(container([new Api.UpdateChannelTooLong({ channelId: newsId })]));
    await after(100);
    expect(store.forget).toHaveBeenCalledWith([news]);
    store.save.mockClear();
    gate.resolve();
    await after(1000);
    expect(store.save).not.toHaveBeenCalled();
    await follower.stop(0);
  });

  it('tells what is pushed in a channel that it cannot address', async () => {
    const { start, after, told, follower } = scene(known());
    await start();
    const unknown = channelOf({ id: bigInt(501), accessHash: bigInt(1), min: true });
    const peerId = new Api.PeerChannel({ channelId: unknown.id });
    const updates = ['one', 'two'].map(
      (text, index) =>
        new Api.UpdateNewChannelMessage({
          ...{ message: message(peerId, index + 1, text), pts: 20 + 5 * index, ptsCount: 1 },
        }),
    );
    follower.receive(container(updates, { chats: [unknown] }));
    await after(2000);
    expect(told).toEqual(['one', 'two']);
    await follower.stop(0);
  });

  it('forgets a public channel that the account has left', async () => {
    const { start, after, answers, told, store, follower } = scene();
    await start();
    answers['updates.GetChannelDifference'] = () =>
      channelDifference(101, [inNews(1, 'not for us')], [channelOf({ left: true })]);
    follower.receive(container([new Api.UpdateChannel({ channelId: newsId })]));
    await after(1000);
    expect(told).toEqual([]);
    expect(store.forget).toHaveBeenCalledWith([news]);
    await follower.stop(0);
  });

  it('tells what was written in a new channel since the account came, also before the first push', async () => {
    const { start, after, answers, told, follower, written } = scene(known());
    await start();
    const chats = [channelOf({ date: nowS() - 60 })];
    answers['channels.GetFullChannel'] = () => fullChannel(205, chats);
    const early = inNews(3, 'before us', nowS() - 120);
    answers['messages.GetHistory'] = () =>
      historyOf([inNews(5, 'pushed'), inNews(4, 'its push was lost', nowS() - 30), early]);
    follower.receive(
      container([new Api.UpdateNewChannelMessage({ message: inNews(5, 'pushed'), pts: 205, ptsCount: 1 })]),
    );
    await after(1000);
    expect(told).toEqual(['its push was lost', 'pushed']);
    expect(written().channels.get(news)).toBe(205);
    await follower.stop(0);
  });

  it('tells nothing of a channel that is from before the account came back', async () => {
    const { start, answers, told, follower } = scene();
    const away = inNews(101, 'while we were out', nowS() - 120);
    answers['updates.GetChannelDifference'] = () =>
      channelDifference(102, [away, inNews(102, 'hello again')], [channelOf({ date: nowS() - 60 })]);
    await start();
    expect(told).toEqual(['hello again']);
    await follower.stop(0);
  });

  it('tells what comes before it is known where the account stands', async () => {
    const { start, after, answers, store, told, follower } = scene(null);
    const loading = Promise.withResolvers<null>();
    store.load.mockReturnValue(loading.promise);
    answers['messages.GetDialogs'] = () =>
      new Api.messages.Dialogs({
        ...{ dialogs: [dialogOf(new Api.PeerChannel({ channelId: newsId }), { pts: 101 })], messages: [] },
        ...{ chats: [channelOf()], users: [] },
      });
    answers['channels.GetFullChannel'] = () => fullChannel(101);
    answers['messages.GetHistory'] = () => historyOf([inNews(101, 'in a channel'), inNews(100, 'before')]);
    await start();
    const update = new Api.UpdateNewMessage({ message: fromAlice(1, 'in private'), pts: 11, ptsCount: 1 });
    follower.receive(container([update]));
    follower.receive(pushed(101, 'in a channel'));
    loading.resolve(null);
    await after(1000);
    expect(told).toEqual(['in private', 'in a channel']);
    await follower.stop(0);
  });

  it('remembers a channel before the date from which Telegram mentions it', async () => {
    const first = scene(known());
    const tooLong = new Api.UpdateChannelTooLong({ channelId: newsId, pts: 205 });
    first.answers['updates.GetDifference'] = () =>
      new Api.updates.Difference({
        ...{
          newMessages: [],
          newEncryptedMessages: [],
          otherUpdates: [tooLong],
          chats: [channelOf()],
          users: [],
        },
        state: stateAt(10),
      });
    first.answers['channels.GetFullChannel'] = () => new Promise(() => {});
    await first.start();
    const { channels } = first.written();
    await first.follower.stop(0);
    const second = scene({ ...known(), channels });
    second.answers['channels.GetFullChannel'] = () => fullChannel(205);
    second.answers['messages.GetHistory'] = () => historyOf([inNews(5, 'not lost')]);
    await second.start();
    expect(second.told).toEqual(['not lost']);
    await second.follower.stop(0);
  });

  it('asks for changed channels from before a container that was lost', async () => {
    const { start, after, calls, follower } = scene({ ...known(), seq: 4, date: 1000 });
    await start();
    const dates = () =>
      calls.flatMap((request) => (request.className === 'updates.GetDifference' ? request.date : []));
    expect(dates()).toEqual([1000]);
    const [before] = [nowS()];
    await after(5000);
    follower.receive(container([], { seq: 2 }));
    await after(1000);
    expect(dates().at(-1)).toBe(before);
    await follower.stop(0);
  });

  it('ignores a channel message without a chat, which would be none of the account’s own sequence', async () => {
    const { start, after, asked, follower } = scene();
    await start();
    const empty = new Api.MessageEmpty({ id: 1 });
    follower.receive(
      container([new Api.UpdateNewChannelMessage({ message: empty, pts: 9000, ptsCount: 1 })]),
    );
    await after(60_000);
    expect(asked('updates.GetDifference')).toBe(1);
    await follower.stop(0);
  });

  it('asks less and less often about a gap that no difference fills', async () => {
    const { start, after, asked, follower } = scene();
    await start();
    const update = new Api.UpdateNewMessage({ message: fromAlice(1, 'ahead'), pts: 13, ptsCount: 1 });
    follower.receive(container([update]));
    await after(10 * 60_000);
    expect(asked('updates.GetDifference')).toBeLessThan(35);
    expect(follower.status.gaps).toBe(1);
    await follower.stop(0);
  });

  it('looks for what nothing has told of every 15 minutes, though other things come all the time', async () => {
    const { start, after, asked, follower } = scene();
    await start();
    for (let minute = 0; minute < 31; minute++) {
      await after(60_000);
      follower.receive(new Api.UpdateShort({ update: new Api.UpdateConfig(), date: nowS() }));
    }
    expect(asked('updates.GetChannelDifference')).toBe(3);
    await follower.stop(0);
  });

  it('asks again soon when there is a link again, however long there was none', async () => {
    const { start, after, answers, asked, told, follower } = scene();
    await start();
    const answer = answers['updates.GetDifference']!;
    answers['updates.GetDifference'] = async () => {
      await new Promise((resolve) => setTimeout(resolve, 30_000));
      throw new NotConnected('updates.GetDifference');
    };
    follower.online();
    // The last of these has just failed.
    while (asked('updates.GetDifference') < 10) await after(50);
    await after(30_000);
    answers['updates.GetDifference'] = answer;
    await after(300);
    const update = new Api.UpdateNewMessage({ message: fromAlice(1, 'back'), pts: 11, ptsCount: 1 });
    follower.receive(container([update]));
    await after(0);
    expect(told).toEqual(['back']);
    await follower.stop(0);
  });

  it('takes no more than it has room for, and loses none of the rest', async () => {
    const { start, after, answers, asked, told, tell, follower } = scene();
    await start();
    const gate = Promise.withResolvers<void>();
    tell.mockImplementation(async ({ message: { message: text } }) => {
      await gate.promise;
      told.push(text);
    });
    const texts = Array.from({ length: 5000 }, (_, index) => `${index + 101}`);
    answers['updates.GetChannelDifference'] = ({ pts }) => {
      const next = Array.from({ length: Math.min(100, 5100 - pts) }, (_, index) => pts + index + 1);
      const to = next.at(-1) ?? pts;
      const difference = channelDifference(
        to,
        next.map((at) => inNews(at, `${at}`)),
      );
      return Object.assign(difference, { final: to === 5100 });
    };
    const before = asked('updates.GetChannelDifference');
    for (const text of texts) follower.receive(pushed(Number(text), text));
    await after(60_000);
    expect(follower.status.pending).toBe(1000);
    expect(asked('updates.GetChannelDifference')).toBe(before);
    gate.resolve();
    await after(60_000);
    expect(told).toEqual(texts);
    await follower.stop(0);
  });

  it('ends with the session', async () => {
    const { start, after, answers, asked, follower } = scene();
    await start();
    answers['updates.GetChannelDifference'] = () => {
      throw new AuthLost('SESSION_REVOKED', 'updates.GetChannelDifference');
    };
    follower.receive(pushed(103, 'after a gap'));
    await after(60_000);
    expect(asked('updates.GetChannelDifference')).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
    await follower.stop(0);
  });

  describe('where differences are too long', () => {
    const dialog = (userId: number, date: number | null, pinned = false) => ({
      dialog: dialogOf(new Api.PeerUser({ userId: bigInt(userId) }), { topMessage: userId, pinned }),
      top:
        date === null
          ? []
          : [message(new Api.PeerUser({ userId: bigInt(userId) }), userId, `of ${userId}`, date)],
    });
    const overwhelmed = (isBot = false) => {
      const it = scene(known(), isBot);
      let first = true;
      it.answers['updates.GetDifference'] = () => {
        if (!first) return new Api.updates.DifferenceEmpty({ date: nowS(), seq: 0 });
        first = false;
        return new Api.updates.DifferenceTooLong({ pts: 9000 });
      };
      const dialogs = [
        dialog(1, nowS() - 90_000, true),
        dialog(2, null),
        dialog(3, nowS()),
        dialog(4, nowS()),
      ];
      it.peers.remember({
        users: [1, 2, 3, 4].map((id) => new Api.User({ id: bigInt(id), accessHash: bigInt(1) })),
      });
      it.answers['messages.GetDialogs'] = () =>
        new Api.messages.Dialogs({
          ...{ dialogs: dialogs.map((one) => one.dialog), messages: dialogs.flatMap(({ top }) => top) },
          ...{ chats: [], users: [] },
        });
      it.answers['messages.GetHistory'] = ({ peer }) =>
        historyOf([message(new Api.PeerUser(peer), 1, `in ${peer.userId}`)]);
      return it;
    };

    it('reads the chats that may have something, and leaves out one that it may not read', async () => {
      const { start, after, answers, told, written, follower } = overwhelmed();
      const read = answers['messages.GetHistory']!;
      answers['messages.GetHistory'] = (request) => {
        if (String(request.peer.userId) === '3') throw new Refused('PEER_ID_INVALID', 'messages.GetHistory');
        return read(request);
      };
      await start();
      await after(5000);
      expect(told).toEqual(['in 2', 'in 4']);
      expect(written().pts).toBe(9000);
      await follower.stop(0);
    });

    it('tells no more of a long history than there is room for', async () => {
      const { start, after, answers, told, tell, follower } = scene();
      const dialog = dialogOf(new Api.PeerChannel({ channelId: newsId }), { pts: 9000 });
      answers['updates.GetChannelDifference'] = ({ pts }) =>
        pts === 9000
          ? new Api.updates.ChannelDifferenceEmpty({ final: true, pts })
          : new Api.updates.ChannelDifferenceTooLong({
              ...{ final: true, dialog, messages: [], chats: [channelOf()], users: [] },
            });
      answers['messages.GetHistory'] = ({ offsetId }) =>
        historyOf(
          Array.from(
            { length: Math.min(100, (offsetId || 3001) - 1) },
            (_, index) => (offsetId || 3001) - 1 - index,
          ).map((id) => inNews(id, `${id}`)),
        );
      const gate = Promise.withResolvers<void>();
      tell.mockImplementation(async ({ message: { message: text } }) => {
        await gate.promise;
        told.push(text);
      });
      await start();
      await after(1000);
      expect(follower.status.pending).toBeLessThanOrEqual(1000);
      gate.resolve();
      await after(1000);
      expect(told).toEqual(Array.from({ length: 3000 }, (_, index) => `${index + 1}`));
      await follower.stop(0);
    });

    it('goes on after a wait where it was', async () => {
      const { start, after, answers, told, asked, follower } = overwhelmed();
      const read = answers['messages.GetHistory']!;
      let calls = 0;
      answers['messages.GetHistory'] = (request) => {
        calls += 1;
        if (calls % 2 === 0) throw new FloodWait(30, 'messages.GetHistory');
        return read(request);
      };
      await start();
      await after(120_000);
      expect(told).toEqual(['in 2', 'in 3', 'in 4']);
      expect(asked('messages.GetDialogs')).toBe(1);
      await follower.stop(0);
    });

    it('goes on without what was missed where it is a bot, which may not look into chats', async () => {
      const { start, after, answers, told, written, follower } = overwhelmed(true);
      const refuse = () => {
        throw new Refused('BOT_METHOD_INVALID', 'messages.GetDialogs');
      };
      Object.assign(answers, { 'messages.GetDialogs': refuse, 'messages.GetHistory': refuse });
      await start();
      const update = new Api.UpdateNewMessage({ message: fromAlice(1, 'next'), pts: 9001, ptsCount: 1 });
      follower.receive(container([update]));
      await after(1000);
      expect(told).toEqual(['next']);
      expect(written().pts).toBe(9001);
      await follower.stop(0);
    });
  });

  describe('and its store', () => {
    it('are not touched by a start that comes after the end', async () => {
      const { start, after, store, tell, follower } = scene(null);
      const loading = Promise.withResolvers<null>();
      store.load.mockReturnValue(loading.promise);
      await start();
      const update = new Api.UpdateNewMessage({ message: fromAlice(1, 'early'), pts: 11, ptsCount: 1 });
      follower.receive(container([update]));
      await follower.stop(0);
      loading.resolve(null);
      await after(1000);
      expect(tell).not.toHaveBeenCalled();
      expect(store.save).not.toHaveBeenCalled();
    });

    it('begin with the state and all channels, or not at all', async () => {
      const { start, after, answers, store, follower } = scene(null);
      answers['messages.GetDialogs'] = () => new Promise(() => {});
      await start();
      const update = new Api.UpdateNewMessage({ message: fromAlice(1, 'told'), pts: 11, ptsCount: 1 });
      follower.receive(container([update]));
      await after(1000);
      await follower.stop(0);
      expect(store.save).not.toHaveBeenCalled();
    });

    it('have what could not be written with what comes next', async () => {
      const { start, after, store, written, follower } = scene(null);
      store.save.mockRejectedValueOnce(new Error('away'));
      await start();
      expect(follower.status.catchingUp).toBe(true);
      await after(5000);
      expect(follower.status.catchingUp).toBe(false);
      expect(written()).toMatchObject({ pts: 10, seq: 0 });
      await follower.stop(0);
    });

    it('part though the last write gets no answer', async () => {
      const { start, after, store, follower } = scene();
      await start();
      store.save.mockReturnValue(new Promise(() => {}));
      follower.receive(pushed(101, 'one'));
      const stopped = vi.fn();
      void follower.stop(0).then(stopped);
      await after(5000);
      expect(stopped).toHaveBeenCalled();
    });

    it('take what is settled while it ends, and nothing after', async () => {
      const { start, after, store, tell, written, follower } = scene();
      await start();
      const [soon, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      tell.mockReturnValueOnce(soon.promise).mockReturnValueOnce(late.promise);
      follower.receive(pushed(101, 'soon'));
      follower.receive(pushed(102, 'late'));
      const stopped = follower.stop(5000);
      await after(100);
      soon.resolve();
      await after(5000);
      await stopped;
      expect(written().channels.get(news)).toBe(101);
      const writes = store.save.mock.calls.length;
      late.resolve();
      await after(1000);
      expect(store.save).toHaveBeenCalledTimes(writes);
    });
  });
});
