import bigInt from 'big-integer';
import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { eventually, localTelegram } from './fixture.ts';

describe('a private chat', () => {
  const telegram = localTelegram();

  it('carries texts both ways, each account with its own ids', async () => {
    const { world } = telegram;
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    alice.in('carol').says('so that the ids differ');
    const listener = await telegram.listen('bob');
    const hello = alice.in('bob').says('hello');
    await eventually(() => expect(listener.texts()).toEqual(['hello']));
    const chat = world.privateChat(alice, bob);
    const answered = chat.nextMessage({ from: 'bob' });
    await listener.client.sendMessage('alice', { message: 'hello yourself', replyTo: hello.idFor(bob) });
    const answer = await answered;
    expect(answer).toMatchObject({ text: 'hello yourself', from: bob, replyTo: hello });
    expect(answer.idFor(alice)).toBe(answer.idFor(bob) + 1);
    expect([chat.markedIdFor(alice), chat.markedIdFor(bob)]).toEqual([bob.id, alice.id]);
    const [seen] = await (await telegram.connect('alice')).getMessages(undefined, {
      ids: [answer.idFor(alice)],
    });
    expect(seen?.replyTo?.replyToMsgId).toBe(hello.idFor(alice));
  });

  it('sends the short form of an update only to clients that know the sender', async () => {
    const listener = await telegram.listen('bob');
    const voice = telegram.world.user('alice').in('bob');
    voice.says('one');
    await listener.next(Api.UpdateNewMessage);
    voice.says('two');
    expect(await listener.next(Api.UpdateShortMessage)).toMatchObject({
      message: 'two',
      pts: 3,
      ptsCount: 1,
    });
  });
});

describe('two sessions of one account', () => {
  const telegram = localTelegram();

  it('tells the other session what one of them did', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const [gateway, sender] = await Promise.all([telegram.listen('alice'), telegram.listen('alice')]);
    await sender.client.getDialogs({});
    const sent = await sender.client.sendMessage(cinema.id, { message: 'from the sender' });
    const update = await gateway.next(Api.UpdateNewChannelMessage);
    expect(update.message).toMatchObject({ id: sent.id, message: 'from the sender', out: true });
    await sender.client.editMessage(cinema.id, { message: sent.id, text: 'edited' });
    expect((await gateway.next(Api.UpdateEditChannelMessage)).message).toMatchObject({ message: 'edited' });
    await sender.client.deleteMessages(cinema.id, [sent.id], { revoke: true });
    expect((await gateway.next(Api.UpdateDeleteChannelMessages)).messages).toEqual([sent.id]);
    expect(sender.texts()).toEqual([]);
    expect(cinema.messages()).toEqual([]);
  });
});

describe('a basic group', () => {
  const telegram = localTelegram();

  it('is known by its negative id, and gives each member ids of its own', async () => {
    const { world } = telegram;
    world.user('alice').in('carol').says('so that the ids differ');
    const club = world.addGroup('Film club', { members: ['alice', 'bob', 'carol'] });
    const listener = await telegram.listen('bob');
    const question = world.user('alice').in(club).says('.vdl http://127.0.0.1:8080/a.mp4');
    await eventually(() => expect(listener.texts()).toHaveLength(1));
    const answered = club.nextMessage({ replyTo: question });
    await listener.client.sendMessage(club.id, {
      message: 'here',
      replyTo: question.idFor(world.user('bob')),
    });
    expect((await answered).replyTo).toBe(question);
    expect(question.idFor(world.user('alice'))).not.toBe(question.idFor(world.user('bob')));
    expect(club.id).toBeLessThan(0);
  });

  it('tells everybody of edits, deletions and reactions', async () => {
    const { world } = telegram;
    const club = world.addGroup('Film club', { members: ['alice', 'bob'] });
    const alice = world.user('alice');
    const listener = await telegram.listen('bob');
    const message = alice.in(club).says('helo');
    alice.edits(message, 'hello');
    expect((await listener.next(Api.UpdateEditMessage)).message).toMatchObject({ message: 'hello' });
    alice.reacts(message, '👍');
    const { reactions } = await listener.next(Api.UpdateMessageReactions);
    expect(reactions.results).toMatchObject([{ count: 1, reaction: { emoticon: '👍' } }]);
    alice.deletes(message);
    const { messages } = await listener.next(Api.UpdateDeleteMessages);
    expect(messages).toEqual([message.idFor(world.user('bob'))]);
  });
});

describe('a supergroup', () => {
  const telegram = localTelegram();

  it('marks topics and replies as Telegram does', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'], topics: ['News'] });
    const [alice, news] = [world.user('alice'), cinema.topic('News')];
    const first = alice.in(cinema, { topic: 'News' }).says('first');
    const second = alice.in(cinema).says('second', { replyTo: first });
    const general = alice.in(cinema).says('in general');
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    const found = await client.getMessages(cinema.id, {
      ids: [first, second, general].map((m) => m.idFor(alice)),
    });
    expect(Array.from(found, (message) => message?.replyTo)).toMatchObject([
      { forumTopic: true, replyToMsgId: news.id },
      { forumTopic: true, replyToMsgId: first.idFor(alice), replyToTopId: news.id },
      null,
    ]);
    expect([first.topic, second.topic, general.topic]).toEqual([news, news, { id: 1, title: 'General' }]);
  });

  it('puts what a client sends into the topic of what it replies to, or into the topic that it names', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'], topics: ['News', 'Music'] });
    const asked = world.user('alice').in(cinema, { topic: 'News' }).says('.vdl');
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    await client.sendMessage(cinema.id, { message: 'a reply', replyTo: asked.idFor(world.user('bob')) });
    await client.sendMessage(cinema.id, { message: 'a topic', replyTo: cinema.topic('Music').id });
    const titles = cinema.messages().map(({ text, topic }) => [text, topic?.title]);
    expect(titles).toEqual([
      ['.vdl', 'News'],
      ['a reply', 'News'],
      ['a topic', 'Music'],
    ]);
  });

  it('gives a reply to a reply the root of its thread, without any topic', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const voice = world.user('alice').in(cinema);
    const root = voice.says('root');
    const reply = voice.says('reply', { replyTo: root });
    const listener = await telegram.listen('bob');
    voice.says('reply to reply', { replyTo: reply });
    const { message } = await listener.next(Api.UpdateNewChannelMessage);
    expect(message).toMatchObject({
      replyTo: {
        replyToMsgId: reply.idFor(reply.from),
        replyToTopId: root.idFor(root.from),
        forumTopic: false,
      },
    });
  });

  it('lists its topics, its history and what is searched for', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'], topics: ['News'] });
    for (let i = 0; i < 130; i++)
      world
        .user(i % 2 ? 'alice' : 'bob')
        .in(cinema)
        .says(`message ${i}`);
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    const channel = await client.getInputEntity(cinema.id);
    const topics = await client.invoke(
      new Api.channels.GetForumTopics({ channel, limit: 10, offsetDate: 0, offsetId: 0, offsetTopic: 0 }),
    );
    expect(topics.topics).toMatchObject([{ title: 'General' }, { title: 'News' }]);
    const texts = async (options: Parameters<typeof client.iterMessages>[1]) => {
      const found: string[] = [];
      for await (const { message } of client.iterMessages(cinema.id, options))
        if (message) found.push(message);
      return found;
    };
    const all = await texts({});
    expect(all).toHaveLength(130);
    expect(new Set(all).size).toBe(130);
    expect(await texts({ search: 'message 1', fromUser: 'me' })).toHaveLength(20);
    expect(await texts({ limit: 3, offsetId: cinema.messages()[5]!.idFor(world.user('bob')) })).toEqual([
      'message 4',
      'message 3',
      'message 2',
    ]);
  });
});

describe('entities', () => {
  const telegram = localTelegram();

  it('adds links that are in the text to the entities that the client sent', async () => {
    const { world } = telegram;
    const client = await telegram.connect('bob');
    const posted = world.privateChat(world.user('alice'), world.user('bob')).nextMessage();
    await client.sendMessage('alice', {
      message: 'bold here http://b.example/y.',
      formattingEntities: [
        new Api.MessageEntityBold({ offset: 0, length: 4 }),
        new Api.MessageEntityTextUrl({ offset: 5, length: 4, url: 'http://a.example/x' }),
      ],
    });
    expect((await posted).entities).toEqual([
      { type: 'bold', offset: 0, length: 4 },
      { type: 'text_link', offset: 5, length: 4, url: 'http://a.example/x' },
      { type: 'url', offset: 10, length: 18 },
    ]);
  });
});

describe('dialogs', () => {
  const telegram = localTelegram();

  it('lists the chats of the account, the latest first', async () => {
    const { world } = telegram;
    const club = world.addGroup('Film club', { members: ['alice', 'bob'] });
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    world.addSupergroup('Not for bob', { members: ['alice', 'carol'] });
    world.user('alice').in('bob').says('hi');
    const dialogs = await (await telegram.connect('bob')).getDialogs({});
    expect(Array.from(dialogs, ({ id }) => Number(id))).toEqual([world.user('alice').id, cinema.id, club.id]);
    expect(Array.from(dialogs, ({ unreadCount }) => unreadCount)).toEqual([1, 1, 1]);
  });
});

describe('paging', () => {
  const telegram = localTelegram();

  it('through the dialogs leaves none out and repeats none, though all are of one second', async () => {
    const { world } = telegram;
    const date = Math.floor(Date.now() / 1000) - 50;
    for (let i = 0; i < 30; i++) {
      const members = ['alice', 'bob', ...(i % 3 ? [] : ['carol'])];
      const chat =
        i % 2 ? world.addGroup(`Group ${i}`, { members }) : world.addSupergroup(`Super ${i}`, { members });
      world.user('alice').in(chat).says(`${i}`, { date });
    }
    world
      .user('carol')
      .in('bob')
      .says('private', { date: date - 1 });
    const client = await telegram.connect('bob');
    const seen: string[] = [];
    let page: { offsetDate: number; offsetId: number; offsetPeer: Api.TypeInputPeer } = {
      offsetDate: 0,
      offsetId: 0,
      offsetPeer: new Api.InputPeerEmpty(),
    };
    for (;;) {
      const answer = await client.invoke(new Api.messages.GetDialogs({ ...page, limit: 7, hash: bigInt(0) }));
      if (answer instanceof Api.messages.DialogsNotModified) throw new Error(answer.className);
      const last = answer.messages.at(-1);
      if (!(last instanceof Api.Message)) break;
      seen.push(...answer.messages.map((message) => (message as Api.Message).message));
      page = {
        offsetDate: last.date,
        offsetId: last.id,
        offsetPeer: await client.getInputEntity(last.peerId),
      };
    }
    expect(seen).toEqual([...Array.from({ length: 30 }, (_, i) => `${29 - i}`), 'private']);
  });

  it('through the dialogs goes on by date where the last chat has moved to the top', async () => {
    const { world } = telegram;
    const nowS = Math.floor(Date.now() / 1000);
    for (const [i, name] of ['carol', 'alice', 'dora', 'emil'].entries()) {
      if (i > 1) world.addUser(name);
      world
        .user(name)
        .in('bob')
        .says(name, { date: nowS - 100 + i });
    }
    const client = await telegram.connect('bob');
    const [emil, dora] = await client.getDialogs({ limit: 2 });
    world.user('dora').in('bob').says('again');
    const rest = await client.invoke(
      new Api.messages.GetDialogs({
        offsetDate: dora?.message?.date ?? 0,
        offsetId: dora?.message?.id ?? 0,
        offsetPeer: dora?.inputEntity ?? new Api.InputPeerEmpty(),
        limit: 10,
        hash: bigInt(0),
      }),
    );
    expect(emil?.title).toBe('Emil');
    expect(rest).toMatchObject({ messages: [{ message: 'alice' }, { message: 'carol' }] });
  });

  it('through a history goes by id or date, and a message can be dated back', async () => {
    const { world } = telegram;
    const nowS = Math.floor(Date.now() / 1000);
    const club = world.addGroup('Film club', { members: ['alice', 'bob'] });
    world.user('alice').in('bob').says('in the same mailbox');
    for (let i = 0; i < 10; i++)
      world
        .user('alice')
        .in(club)
        .says(`${i}`, { date: nowS - 100 + i });
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    const peer = await client.getInputEntity(club.id);
    const ask = async (offsets: {
      offsetId?: number;
      offsetDate?: number;
      addOffset?: number;
      minId?: number;
    }) => {
      const answer = await client.invoke(
        new Api.messages.GetHistory({ peer, limit: 3, hash: bigInt(0), ...offsets }),
      );
      if (!(answer instanceof Api.messages.MessagesSlice)) throw new Error(answer.className);
      expect(answer.count).toBe(11);
      return answer.messages.map((message) => (message instanceof Api.Message ? message.message : 'service'));
    };
    const idOf = (text: string) =>
      club
        .messages()
        .find((message) => message.text === text)!
        .idFor(world.user('bob'));
    expect(await ask({})).toEqual(['9', '8', '7']);
    expect(await ask({ offsetId: idOf('7') })).toEqual(['6', '5', '4']);
    expect(await ask({ offsetId: idOf('7'), minId: idOf('5') })).toEqual(['6']);
    expect(await ask({ offsetId: idOf('7'), addOffset: -2 })).toEqual(['8', '7', '6']);
    expect(await ask({ offsetDate: nowS - 95 })).toEqual(['4', '3', '2']);
    expect(await ask({ offsetId: idOf('1') })).toEqual(['0', 'service']);
    expect((await client.getMessages(peer, { ids: idOf('3') }))[0]?.date).toBe(nowS - 97);
  });
});

describe('WorldChat', () => {
  const telegram = localTelegram();

  it('says what came instead when a message does not come in time', async () => {
    const club = telegram.world.addGroup('Film club', { members: ['alice', 'bob'] });
    const waiting = club.nextMessage({ from: 'bob', timeoutMs: 50 });
    telegram.world.user('alice').in(club).says('only me');
    await expect(waiting).rejects.toThrow(/"Film club"; what came: new alice: only me/);
  });

  it('waits for a message to be edited into what is wanted', async () => {
    const club = telegram.world.addGroup('Film club', { members: ['alice', 'bob'] });
    const status = telegram.world.user('bob').in(club).says('…');
    const done = club.waitFor(({ text }) => text === 'done', { timeoutMs: 1000 });
    telegram.world.user('bob').edits(status, 'done');
    expect(await done).toBe(status);
  });

  it('gives up all waiting when the data centre closes', async () => {
    const club = telegram.world.addGroup('Film club', { members: ['alice'] });
    const waiting = club.nextMessage();
    const refused = expect(waiting).rejects.toThrow('closed');
    await telegram.dc.close();
    await refused;
  });
});
