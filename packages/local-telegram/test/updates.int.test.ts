import type { TelegramClient } from 'telegram';
import { Api } from 'telegram/tl/index.js';
import { describe, expect, it, vi } from 'vitest';
import { closeClient } from './client.ts';
import { eventually, localTelegram } from './fixture.ts';

const textsOf = (messages: Api.TypeMessage[]): (string | undefined)[] =>
  messages.map((message) => (message instanceof Api.Message ? message.message : undefined));

const difference = (client: TelegramClient, pts: number, date: number) =>
  client.invoke(new Api.updates.GetDifference({ pts, date, qts: 0 }));

describe('updates', () => {
  const telegram = localTelegram();

  it('count the account’s mailbox and each supergroup on their own', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const listener = await telegram.listen('bob');
    const before = await listener.client.invoke(new Api.updates.GetState());
    world.user('alice').in('bob').says('private');
    world.user('alice').in(cinema).says('super');
    expect(await listener.next(Api.UpdateNewMessage)).toMatchObject({ pts: before.pts + 1, ptsCount: 1 });
    expect(await listener.next(Api.UpdateNewChannelMessage)).toMatchObject({
      pts: cinema.box.pts,
      ptsCount: 1,
    });
    const { pts } = await listener.client.invoke(new Api.updates.GetState());
    expect(pts).toBe(before.pts + 1);
  });

  it('that a client missed while it was away come with the difference', async () => {
    const { world } = telegram;
    const [alice, club] = [world.user('alice'), world.addGroup('Film club', { members: ['alice', 'bob'] })];
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const early = alice.in(club).says('early');
    const unwanted = alice.in(club).says('unwanted');
    const first = await telegram.connect('bob');
    const { pts, date } = await first.invoke(new Api.updates.GetState());
    const channelPts = cinema.box.pts;
    await closeClient(first);
    alice.in('bob').says('private');
    alice.in(club).says('group');
    alice.edits(early, 'earlier');
    alice.deletes(unwanted);
    alice.in(cinema).says('super');

    const listener = await telegram.listen('bob');
    await listener.client.getDialogs({});
    const common = await difference(listener.client, pts, date);
    if (!(common instanceof Api.updates.Difference)) throw new Error(common.className);
    expect(textsOf(common.newMessages)).toEqual(['private', 'group']);
    expect(common.otherUpdates.map(({ className }) => className)).toEqual([
      'UpdateEditMessage',
      'UpdateDeleteMessages',
      'UpdateChannelTooLong',
    ]);
    expect(common.state.pts).toBe(pts + 4);
    const ofChannel = await listener.client.invoke(
      new Api.updates.GetChannelDifference({
        channel: await listener.client.getInputEntity(cinema.id),
        filter: new Api.ChannelMessagesFilterEmpty(),
        pts: channelPts,
        limit: 100,
      }),
    );
    if (!(ofChannel instanceof Api.updates.ChannelDifference)) throw new Error(ofChannel.className);
    expect(textsOf(ofChannel.newMessages)).toEqual(['super']);
    expect(ofChannel).toMatchObject({ final: true, pts: cinema.box.pts });
    expect(listener.texts()).toEqual([]);
  });

  it('come in slices, and not at all when they are too many', async () => {
    const { world, dc } = telegram;
    const voice = world.user('alice').in('bob');
    for (let i = 0; i < 25; i++) voice.says(`${i}`);
    const client = await telegram.connect('bob');
    dc.limits.slice = 10;
    const texts: (string | undefined)[] = [];
    let pts = 1;
    for (const last of [false, false, true]) {
      const part = await difference(client, pts, 0);
      if (!(part instanceof Api.updates.DifferenceSlice || part instanceof Api.updates.Difference))
        throw new Error(part.className);
      expect(part instanceof Api.updates.Difference).toBe(last);
      texts.push(...textsOf(part.newMessages));
      pts = part instanceof Api.updates.Difference ? part.state.pts : part.intermediateState.pts;
    }
    expect(texts).toEqual(Array.from({ length: 25 }, (_, i) => `${i}`));
    expect(await difference(client, pts, 0)).toBeInstanceOf(Api.updates.DifferenceEmpty);
    dc.limits.mailboxTooLong = 20;
    expect(await difference(client, 1, 0)).toMatchObject({ className: 'updates.DifferenceTooLong', pts });
  });

  it('leave off at a state whose date is that of the last one given, so that supergroups are told of again', async () => {
    const { world, dc } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const startS = Math.floor(Date.now() / 1000);
    const voice = world.user('alice').in('bob');
    vi.useFakeTimers({ toFake: ['Date'], now: (startS + 100) * 1000 });
    try {
      voice.says('one');
      vi.setSystemTime((startS + 200) * 1000);
      world.user('alice').in(cinema).says('super');
      vi.setSystemTime((startS + 300) * 1000);
      voice.says('two');
    } finally {
      vi.useRealTimers();
    }
    const client = await telegram.connect('bob');
    dc.limits.slice = 1;
    const first = await difference(client, 1, startS);
    if (!(first instanceof Api.updates.DifferenceSlice)) throw new Error(first.className);
    expect(first.intermediateState).toMatchObject({ pts: 2, date: startS + 100 });
    const second = await difference(client, 2, startS + 100);
    expect(second).toMatchObject({
      newMessages: [{ message: 'two' }],
      otherUpdates: [{ pts: cinema.box.pts }],
    });
    expect(await difference(client, 2, startS + 300)).toMatchObject({ otherUpdates: [] });
  });

  it('of a supergroup come in slices, and start afresh when they are too many', async () => {
    const { world, dc } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    for (let i = 0; i < 5; i++) world.user('alice').in(cinema).says(`${i}`);
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    const channel = await client.getInputEntity(cinema.id);
    const ask = (pts: number) =>
      client.invoke(
        new Api.updates.GetChannelDifference({
          channel,
          filter: new Api.ChannelMessagesFilterEmpty(),
          pts,
          limit: 3,
        }),
      );
    expect(await ask(2)).toMatchObject({ final: false, pts: 5 });
    expect(await ask(5)).toMatchObject({ final: true, pts: 7 });
    expect(await ask(7)).toBeInstanceOf(Api.updates.ChannelDifferenceEmpty);
    dc.limits.channelTooLong = 4;
    expect(await ask(2)).toMatchObject({
      className: 'updates.ChannelDifferenceTooLong',
      dialog: { pts: 7, topMessage: 6 },
    });
  });

  it('can be replaced by word that they are too many', async () => {
    const { world, dc } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const listener = await telegram.listen('bob');
    dc.announceTooLong(cinema);
    expect(await listener.next(Api.UpdateChannelTooLong)).toMatchObject({ pts: cinema.box.pts });
  });

  it('go to those who are in the chat', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const [bob, carol] = await Promise.all([telegram.listen('bob'), telegram.listen('carol')]);
    world.user('alice').in(cinema).says('not for carol');
    world.user('alice').in('carol').says('for carol');
    await eventually(() => expect(carol.texts()).toEqual(['for carol']));
    expect(bob.texts()).toEqual(['not for carol']);
  });
});
