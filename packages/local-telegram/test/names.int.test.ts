import bigInt from 'big-integer';
import type { TelegramClient } from 'telegram';
import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { localTelegram } from './fixture.ts';

describe('usernames', () => {
  const telegram = localTelegram();
  const resolved = async (client: TelegramClient, username: string) => {
    const { peer } = await client.invoke(new Api.contacts.ResolveUsername({ username }));
    if (!(peer instanceof Api.PeerUser)) throw new Error(peer.className);
    return Number(peer.userId);
  };

  it('are found in any case, and refused where nobody has them or nobody could', async () => {
    const client = await telegram.connect('bob');
    expect(await resolved(client, 'ALiCE')).toBe(telegram.world.user('alice').id);
    await expect(resolved(client, 'nobody')).rejects.toThrow('USERNAME_NOT_OCCUPIED');
    await expect(resolved(client, 'no body')).rejects.toThrow('USERNAME_INVALID');
  });

  it('change hands: clients that know the user are told, and whoever takes the name is found by it', async () => {
    const { world } = telegram;
    const [alice, carol] = [world.user('alice'), world.user('carol')];
    const listener = await telegram.listen('bob');
    await resolved(listener.client, 'alice');
    expect(() => carol.rename('Alice')).toThrow('has the username');
    alice.rename('alice_was_here');
    const { userId, usernames } = await listener.next(Api.UpdateUserName);
    expect(Number(userId)).toBe(alice.id);
    expect(usernames).toMatchObject([{ username: 'alice_was_here' }]);
    await expect(resolved(listener.client, 'alice')).rejects.toThrow('USERNAME_NOT_OCCUPIED');
    carol.rename('alice');
    expect(await resolved(listener.client, 'alice')).toBe(carol.id);
    expect(await resolved(listener.client, 'alice_was_here')).toBe(alice.id);
    expect(world.user('alice')).toBe(alice);
    alice.in('bob').says('me');
    carol.in('bob').says('not me');
    const dialogs = await listener.client.getDialogs({});
    expect(Array.from(dialogs, ({ entity }) => entity)).toMatchObject([
      { username: 'alice', firstName: 'Carol' },
      { username: 'alice_was_here', firstName: 'Alice' },
    ]);
  });

  it('can be none', async () => {
    telegram.world.addUser('dora', { username: null });
    const client = await telegram.connect('bob');
    await expect(resolved(client, 'dora')).rejects.toThrow('USERNAME_NOT_OCCUPIED');
    telegram.world.user('dora').in('bob').says('hi');
    const [dialog] = await client.getDialogs({});
    expect(dialog?.entity).toMatchObject({ firstName: 'Dora', username: null });
  });
});

describe('mentions', () => {
  const telegram = localTelegram();

  it('come as typed, with whoever is mentioned by name only', async () => {
    const { world } = telegram;
    const dora = world.addUser('dora', { username: null });
    const cinema = world.addSupergroup('Cinema', { members: ['alice', 'bob', 'dora'] });
    const listener = await telegram.listen('bob');
    world
      .user('alice')
      .in(cinema)
      .says('.bless Dora and @carol', {
        entities: [{ type: 'mention_name', offset: 7, length: 4, userId: dora.id }],
      });
    const { message } = await listener.next(Api.UpdateNewChannelMessage);
    expect(message).toMatchObject({
      entities: [
        { className: 'MessageEntityMentionName', offset: 7, length: 4, userId: bigInt(dora.id) },
        { className: 'MessageEntityMention', offset: 16, length: 6 },
      ],
    });
    const known = await listener.client.getInputEntity(dora.id);
    const [user] = await listener.client.invoke(
      new Api.users.GetUsers({ id: [known as unknown as Api.TypeInputUser] }),
    );
    expect(user).toMatchObject({ firstName: 'Dora' });
  });

  it('reach a client that knows the sender and not who is mentioned in the long form', async () => {
    const { world } = telegram;
    const dora = world.addUser('dora', { username: null });
    const listener = await telegram.listen('bob');
    const voice = world.user('alice').in('bob');
    voice.says('hi');
    await listener.next(Api.UpdateNewMessage);
    voice.says('Dora', { entities: [{ type: 'mention_name', offset: 0, length: 4, userId: dora.id }] });
    voice.says('Dora', { entities: [{ type: 'mention_name', offset: 0, length: 4, userId: dora.id }] });
    const short = await listener.next(Api.UpdateShortMessage);
    expect(short.entities).toMatchObject([{ userId: bigInt(dora.id) }]);
    expect(listener.updates.filter((update) => update instanceof Api.UpdateNewMessage)).toHaveLength(2);
  });
});
