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
