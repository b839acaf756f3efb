import bigInt from 'big-integer';
import type { TelegramClient } from 'telegram';
import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { long } from '../src/tl.ts';
import { localTelegram } from './fixture.ts';

const send = (client: TelegramClient, peer: Api.TypeInputPeer, message: string, randomId?: number) =>
  client.invoke(
    new Api.messages.SendMessage({
      peer,
      message,
      ...(randomId === undefined ? {} : { randomId: bigInt(randomId) }),
    }),
  );

describe('a random_id', () => {
  const telegram = localTelegram();

  it('posts once for each account and chat', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const club = world.addGroup('Film club', { members: ['alice', 'bob'] });
    const [gateway, sender] = await Promise.all([telegram.connect('bob'), telegram.connect('bob')]);
    await Promise.all([gateway.getDialogs({}), sender.getDialogs({})]);
    const peer = await gateway.getInputEntity(cinema.id);
    await send(gateway, peer, 'once', 77);
    await expect(send(gateway, peer, 'twice', 77)).rejects.toThrow('RANDOM_ID_DUPLICATE');
    await expect(send(sender, peer, 'from the other session', 77)).rejects.toThrow('RANDOM_ID_DUPLICATE');
    await send(sender, new Api.InputPeerChat({ chatId: long(club.chatId) }), 'elsewhere', 77);
    expect([...cinema.messages(), ...club.messages()].map(({ text }) => text)).toEqual(['once', 'elsewhere']);
    expect(cinema.messages()[0]?.randomId).toBe(77n);
  });

  it('is free again when the send was refused', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    const peer = await client.getInputEntity(cinema.id);
    cinema.allowWriting(world.user('bob'), false);
    await expect(send(client, peer, 'a', 5)).rejects.toThrow('CHAT_WRITE_FORBIDDEN');
    cinema.allowWriting(world.user('bob'), true);
    await send(client, peer, 'b', 5);
    expect(cinema.messages().map(({ text }) => text)).toEqual(['b']);
  });
});

describe('an access hash', () => {
  const telegram = localTelegram();

  it('is of use to its own account only', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob', 'carol'] });
    world.user('carol').in('alice').says('hi');
    world.user('carol').in('bob').says('hi');
    const [alice, bob] = await Promise.all([telegram.connect('alice'), telegram.connect('bob')]);
    await Promise.all([alice.getDialogs({}), bob.getDialogs({})]);
    const channel = await alice.getInputEntity(cinema.id);
    const carol = await alice.getInputEntity('carol');
    await send(alice, channel, 'with my own');
    await expect(send(bob, channel, 'with that of alice')).rejects.toThrow('CHANNEL_INVALID');
    await expect(send(bob, carol, 'with that of alice')).rejects.toThrow('PEER_ID_INVALID');
    expect(cinema.messages()).toHaveLength(1);
  });

  it('does not open a supergroup to a stranger', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice'] });
    const bob = await telegram.connect('bob');
    const accessHash = long(world.accessHashes.of(world.user('bob').id, `channel ${cinema.channelId}`));
    const peer = new Api.InputPeerChannel({ channelId: long(cinema.channelId), accessHash });
    await expect(send(bob, peer, 'hello')).rejects.toThrow('CHANNEL_PRIVATE');
  });
});

describe('limits', () => {
  const telegram = localTelegram();

  it('counts a text in UTF-16 units, to 4096', async () => {
    const client = await telegram.connect('bob');
    const peer = await client.getInputEntity('alice');
    await send(client, peer, '🎬'.repeat(2048));
    await expect(send(client, peer, `${'🎬'.repeat(2048)}a`)).rejects.toThrow('MESSAGE_TOO_LONG');
    await expect(send(client, peer, ' ')).rejects.toThrow('MESSAGE_EMPTY');
  });

  it.each([
    [-1, 1],
    [0, 0],
    [1, 2],
  ])('takes no entity that does not lie within the text: from %i, %i units', async (offset, length) => {
    const client = await telegram.connect('bob');
    const peer = await client.getInputEntity('alice');
    const entities = [new Api.MessageEntityBold({ offset, length })];
    await expect(
      client.invoke(new Api.messages.SendMessage({ peer, message: 'hi', entities })),
    ).rejects.toThrow('ENTITY_BOUNDS_INVALID');
  });

  it('lets nobody post twice within the time of slow mode', async () => {
    const cinema = telegram.world.addSupergroup('Cinema', { members: ['alice', 'bob'], slowModeS: 30 });
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    const peer = await client.getInputEntity(cinema.id);
    await send(client, peer, 'one');
    await expect(send(client, peer, 'two')).rejects.toMatchObject({ seconds: 30 });
    cinema.slowModeS = 0;
    await send(client, peer, 'three');
  });
});

describe('edits and deletions', () => {
  const telegram = localTelegram();

  it('are refused where they change nothing, or what is not there, or what is not one’s own', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const hers = world.user('alice').in(cinema).says('hers').idFor(world.user('alice'));
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    const peer = await client.getInputEntity(cinema.id);
    const { id } = await client.sendMessage(peer, { message: 'mine' });
    const edit = (message: number, text: string) => client.editMessage(peer, { message, text });
    await expect(edit(id, 'mine')).rejects.toThrow('MESSAGE_NOT_MODIFIED');
    await expect(edit(hers, 'his')).rejects.toThrow('MESSAGE_AUTHOR_REQUIRED');
    await expect(edit(999, 'what')).rejects.toThrow('MESSAGE_ID_INVALID');
    await expect(client.deleteMessages(peer, [hers], {})).rejects.toThrow('MESSAGE_DELETE_FORBIDDEN');
    await client.deleteMessages(peer, [id], {});
    await expect(edit(id, 'gone')).rejects.toThrow('MESSAGE_ID_INVALID');
  });

  it('take a message from one’s own mailbox only, unless it is revoked', async () => {
    const { world } = telegram;
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const message = alice.in(bob).says('hello');
    const client = await telegram.connect(bob);
    await client.deleteMessages(undefined, [message.idFor(bob)], { revoke: false });
    expect(message.deleted).toBe(false);
    expect(alice.mailbox.messages.size).toBe(1);
    expect(bob.mailbox.messages.size).toBe(0);
    const other = alice.in(bob).says('hello again');
    await client.deleteMessages(undefined, [other.idFor(bob)], { revoke: true });
    expect(other.deleted).toBe(true);
  });
});

describe('a reply to a message that is gone', () => {
  const telegram = localTelegram();

  it('is sent as no reply', async () => {
    const { world } = telegram;
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob'] });
    const question = world.user('alice').in(cinema).says('.vdl');
    const id = question.idFor(world.user('bob'));
    world.user('alice').deletes(question);
    const client = await telegram.connect('bob');
    await client.getDialogs({});
    await client.sendMessage(cinema.id, { message: 'here', replyTo: id });
    expect(cinema.messages().map(({ text, replyTo }) => [text, replyTo])).toEqual([['here', undefined]]);
  });
});
