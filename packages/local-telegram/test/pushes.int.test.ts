import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { containersOf, eventually, localTelegram } from './fixture.ts';

describe('faults of pushes', () => {
  const telegram = localTelegram();
  const method = 'messages.SendMessage';

  const listening = async () => {
    const listener = await telegram.listen('bob');
    const voice = telegram.world.user('alice').in('bob');
    return { listener, voice };
  };

  it('bring an update twice', async () => {
    const { listener, voice } = await listening();
    telegram.dc.faults.add({ method, push: 'twice' });
    voice.says('one');
    voice.says('two');
    await eventually(() => expect(listener.texts()).toEqual(['one', 'one', 'two']));
  });

  it('bring an update after the next one, to each client', async () => {
    const { listener, voice } = await listening();
    const other = await telegram.listen('bob');
    telegram.dc.faults.add({ method, push: 'swap' });
    voice.says('one');
    voice.says('two');
    voice.says('three');
    for (const { texts } of [listener, other])
      await eventually(() => expect(texts()).toEqual(['two', 'one', 'three']));
  });

  it('bring an update late, though the difference has it at once', async () => {
    const { listener, voice } = await listening();
    const { pts, date } = await listener.client.invoke(new Api.updates.GetState());
    telegram.dc.faults.add({ method, push: { delayMs: 300 } });
    voice.says('late');
    voice.says('in time');
    const difference = await listener.client.invoke(new Api.updates.GetDifference({ pts, date, qts: 0 }));
    expect(difference).toMatchObject({ newMessages: [{ message: 'late' }, { message: 'in time' }] });
    expect(listener.texts()).toEqual(['in time']);
    await eventually(() => expect(listener.texts()).toEqual(['in time', 'late']));
  });
});

describe('World.together', () => {
  const telegram = localTelegram();

  it('puts what is done in it into one container, for each account its own', async () => {
    const { world, dc } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob', 'carol'] });
    const [bob, carol] = await Promise.all([telegram.connect('bob'), telegram.connect('carol')]);
    const containers = [containersOf(bob), containersOf(carol)];
    const alice = world.user('alice');
    dc.faults.add({ method: 'messages.EditMessage', losePush: true, account: 'carol' });
    world.together(() => {
      const posted = alice.in(cinema).says('helo');
      alice.in('bob').says('hello bob');
      alice.edits(posted, 'hello');
    });
    alice.in(cinema).says('alone');
    await eventually(() =>
      expect(
        containers.map((seen) =>
          seen.map(({ updates }) => updates.map(({ className }) => className.replace('Update', ''))),
        ),
      ).toEqual([
        [['NewChannelMessage', 'NewMessage', 'EditChannelMessage'], ['NewChannelMessage']],
        [['NewChannelMessage'], ['NewChannelMessage']],
      ]),
    );
  });
});

describe('numbered containers', () => {
  const telegram = localTelegram();

  it('count for each client, and show a gap that the state of the next difference closes', async () => {
    const { world, dc } = telegram;
    dc.pushes.numbered = true;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const client = await telegram.connect('bob');
    const state = await client.invoke(new Api.updates.GetState());
    const containers = containersOf(client);
    const voice = world.user('alice').in(cinema);
    voice.says('one');
    dc.faults.add({ method: 'messages.SendMessage', push: 'lose' });
    voice.says('lost');
    voice.says('three');
    await eventually(() => expect(containers.map(({ seq }) => seq)).toEqual([1, 3]));
    expect(state.seq).toBe(0);
    const { pts, date } = state;
    const difference = await client.invoke(new Api.updates.GetDifference({ pts, date, qts: 0 }));
    expect(difference).toMatchObject({ state: { seq: 3 } });
  });
});

describe('members who come and go', () => {
  const telegram = localTelegram();

  it('are told so; a supergroup that they left is closed to them, and silent', async () => {
    const { world } = telegram;
    const bob = world.user('bob');
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const listener = await telegram.listen('bob');
    await listener.client.getDialogs({});
    const channel = await listener.client.getInputEntity(cinema.id);
    cinema.dismiss(bob);
    expect(Number((await listener.next(Api.UpdateChannel)).channelId)).toBe(cinema.channelId);
    world.user('alice').in(cinema).says('unheard');
    const filter = new Api.ChannelMessagesFilterEmpty();
    const difference = () =>
      listener.client.invoke(new Api.updates.GetChannelDifference({ channel, filter, pts: 1, limit: 10 }));
    await expect(difference()).rejects.toMatchObject({ code: 406, errorMessage: 'CHANNEL_PRIVATE' });
    await expect(listener.client.getMessages(channel, { limit: 1 })).rejects.toThrow('CHANNEL_PRIVATE');
    expect(Array.from(await listener.client.getDialogs({}))).toEqual([]);
    cinema.admit(bob);
    world.user('alice').in(cinema).says('heard');
    await eventually(() => expect(listener.texts()).toEqual(['heard']));
    expect(listener.updates.filter((update) => update instanceof Api.UpdateChannel)).toHaveLength(2);
    expect(await difference()).toMatchObject({
      newMessages: [{}, { message: 'unheard' }, { message: 'heard' }],
    });
  });

  it('of a basic group get none of its messages any more', async () => {
    const { world } = telegram;
    const club = world.addGroup('Film club', { members: ['alice', 'bob'] });
    const listener = await telegram.listen('bob');
    club.dismiss(world.user('bob'));
    await listener.next(Api.UpdateChat);
    world.user('alice').in(club).says('unheard');
    world.user('alice').in('bob').says('heard');
    await eventually(() => expect(listener.texts()).toEqual(['heard']));
    await expect(listener.client.sendMessage(club.id, { message: 'hi' })).rejects.toThrow('CHAT_ID_INVALID');
  });
});
