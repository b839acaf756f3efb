import { redisKeys, telegramReply } from '@heavy/contracts';
import type { WorldChat, WorldMessage } from '@heavy/local-telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRealWorld } from './real-sender.ts';

let world: Awaited<ReturnType<typeof createRealWorld>>;
/** What the account was told of alarms. */
let told: WorldMessage[];
beforeEach(async () => {
  world = await createRealWorld();
  told = [];
  world.dc.world.on('event', ({ message }) => {
    if (message.text.includes('@SpamBot')) told.push(message);
  });
});
afterEach(() => world.close());

type Place = ReturnType<typeof world.chatWith>;

const reply = ({ origin }: Place, text: string) => world.asker.publish(telegramReply, { origin, text });
/** Says something in a chat, in answer to nobody or to that message. */
const say = ({ origin: { account, chatId } }: Place, text: string, replyTo?: number) =>
  world.asker.publish(telegramReply, {
    target: { account, chatId, ...(replyTo === undefined ? {} : { replyTo }) },
    text,
  });
const flood = () => world.dc.faults.add({ method: 'messages.SendMessage', error: [400, 'PEER_FLOOD'] });
const alarmKey = () => redisKeys.peerFlood(world.heavy.id);

describe('createStrangers', () => {
  it('refuses what goes to strangers from then on, and nothing else', async () => {
    const { dc, heavy, alice } = world;
    const [bob, carol] = [dc.world.addUser('bob'), dc.world.addUser('carol')];
    heavy.contacts.add(bob);
    const [strange, known, victim] = [alice, bob, carol].map((user) => world.chatWith(user)) as [
      Place,
      Place,
      Place,
    ];
    const group = world.supergroup('group');
    const { strangers } = await world.startSender();
    flood();
    const [refused] = await world.reported([await say(victim, 'the last straw')]);
    expect(refused).toMatchObject({ error: 'PEER_FLOOD' });
    const calls = () => dc.calls.filter(({ method }) => method === 'messages.SendMessage').length;
    await vi.waitFor(() => expect(told).toHaveLength(1));
    const before = calls();
    const own = heavy.in(strange.chat).says('mine').idFor(heavy);
    const no = [await say(strange, 'hello'), await say(strange, 'to myself', own)];
    expect((await world.reported(no)).map(({ error }) => error)).toEqual(['PEER_FLOOD', 'PEER_FLOOD']);
    expect(calls()).toBe(before);
    const yes = [
      await reply(strange, 'an answer'),
      await say(strange, 'an answer too', strange.origin.messageId),
      await say(known, 'to a contact'),
      await say(group, 'to a group'),
    ];
    expect((await world.reported(yes)).map(({ error }) => error)).toEqual(Array(4).fill(undefined));
    const saying = (chat: WorldChat) => world.textsIn(chat);
    expect(saying(strange.chat)).toEqual(['mine', 'an answer', 'an answer too']);
    expect([...saying(known.chat), ...saying(group.chat)]).toEqual(['to a contact', 'to a group']);
    expect(strangers.detail()).toMatch(/PEER_FLOOD.*@SpamBot/);
  });

  it('raises one alarm: an error in the log, and a message among the saved ones', async () => {
    const place = world.chatWith(world.alice);
    const { strangers } = await world.startSender();
    expect(strangers.detail()).toBeUndefined();
    flood();
    await world.reported([await reply(place, 'one')]);
    await vi.waitFor(() => expect(told).toHaveLength(1));
    flood();
    await world.reported([await reply(place, 'two')]);
    await world.reported([await reply(place, 'three')]);
    expect(world.errors.filter((line) => line.includes('@SpamBot'))).toHaveLength(1);
    expect(told).toHaveLength(1);
    const ttl = await world.redis.pttl(alarmKey());
    expect(ttl).toBeGreaterThan(0);
    expect(ttl).toBeLessThanOrEqual(60_000);
  });

  it('keeps an alarm that the account could not be told of: the next process tells it', async () => {
    const place = world.chatWith(world.alice);
    const first = await world.startSender();
    flood();
    // What tells it is refused as well.
    flood();
    await world.reported([await reply(place, 'one')]);
    const kept = async () => JSON.parse((await world.redis.get(alarmKey())) ?? '{}');
    await vi.waitFor(async () => expect(await kept()).toMatchObject({ told: false }));
    await first.stop();
    expect(told).toEqual([]);
    await world.startSender();
    await vi.waitFor(async () => expect(await kept()).toMatchObject({ told: true }));
    expect(told).toHaveLength(1);
  });

  it('knows the alarm of the process before, tells what that could not, and forgets it in the end', async () => {
    const place = world.chatWith(world.alice);
    const since = Date.now();
    const alarm = { since, until: since + 3_600_000, told: false };
    await world.redis.set(alarmKey(), JSON.stringify(alarm), 'PXAT', alarm.until);
    const first = await world.startSender();
    const [refused] = await world.reported([await say(place, 'hello')]);
    expect(refused).toMatchObject({ error: 'PEER_FLOOD' });
    await vi.waitFor(async () =>
      expect(JSON.parse((await world.redis.get(alarmKey())) ?? '{}')).toMatchObject({ told: true }),
    );
    expect(told).toHaveLength(1);
    await first.stop();
    await world.redis.del(alarmKey());
    await world.startSender();
    const [sent] = await world.reported([await say(place, 'hello again')]);
    expect(sent?.messageIds).toHaveLength(1);
    expect(told).toHaveLength(1);
  });
});

describe('commands.telegram.reply to a target', () => {
  it.each(['a chat', 'a topic', 'a message', 'a deleted message'])('lands in %s', async (where) => {
    const { dc, heavy, alice } = world;
    const chat = dc.world.addSupergroup('forum', { members: [alice, heavy], topics: ['News'] });
    const asked = alice.in(chat, { topic: 'News' }).says('hello');
    const [messageId, topicId] = [asked.idFor(heavy), asked.topic?.id];
    if (where === 'a deleted message') alice.deletes(asked);
    await world.startSender();
    const id = await world.asker.publish(telegramReply, {
      target: {
        ...{ account: heavy.id, chatId: chat.markedIdFor(heavy) },
        ...(where.includes('message') ? { replyTo: messageId } : {}),
        ...(where === 'a chat' || topicId === undefined ? {} : { topicId }),
      },
      text: 'said',
    });
    const [report] = await world.reported([id]);
    expect(report?.messageIds).toHaveLength(1);
    const said = chat.messages().find(({ from }) => from === heavy);
    expect(said).toMatchObject({ text: 'said' });
    expect(said?.topic?.title).toBe(where === 'a chat' ? 'General' : 'News');
    expect(said?.replyTo === asked).toBe(where === 'a message');
  });
});
