import { telegramDelete, telegramEdit, telegramReply } from '@heavy/contracts';
import type { WorldChat } from '@heavy/local-telegram';
import { SessionLeaseLost } from '@heavy/telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRealWorld } from './real-sender.ts';

let world: Awaited<ReturnType<typeof createRealWorld>>;
beforeEach(async () => {
  world = await createRealWorld();
});
afterEach(() => world.close());

type Place = ReturnType<typeof world.supergroup>;

/** Asks for these texts in that chat, in this order; resolves with the ids of the commands. */
const ask = ({ origin }: Place, texts: readonly string[]): Promise<string[]> =>
  Promise.all(texts.map((text) => world.asker.publish(telegramReply, { origin, text })));
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n}`);

/** Has the next such call, in that chat only, end in an error. */
const fault = (chat: WorldChat, error: string, method = 'messages.SendMessage', times = 1) => {
  const bare = String(chat.markedIdFor(world.heavy)).replace(/^-100/, '');
  world.dc.faults.add({
    ...{ method, times, error: [420, error] },
    match: (request) => JSON.stringify('peer' in request && request.peer).includes(`"${bare}"`),
  });
};
const callsOf = (method: string) => world.dc.calls.filter((call) => call.method === method);

describe('senderHandlers', () => {
  it('go on elsewhere while one chat has to wait, and say what waited in its order then', async () => {
    const [slow, fast] = [world.supergroup('slow'), world.supergroup('fast')];
    fault(slow.chat, 'FLOOD_WAIT_15');
    await world.startSender();
    const startedAt = Date.now();
    const waiting = await ask(slow, numbered('slow', 20));
    await world.reported(await ask(fast, numbered('fast', 30)));
    // All of them well within the wait: two calls at once are allowed, and the waiting chat is none of them.
    expect(world.textsIn(slow.chat)).toEqual([]);
    expect(world.textsIn(fast.chat)).toEqual(numbered('fast', 30));
    await world.reported(waiting);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(15_000);
    expect(world.textsIn(slow.chat)).toEqual(numbered('slow', 20));
    // The wait was run into once.
    expect(callsOf('messages.SendMessage').filter(({ error }) => error)).toHaveLength(1);
  });

  it('do not run into a wait that an earlier process was told of', async () => {
    const place = world.supergroup('slow');
    fault(place.chat, 'FLOOD_WAIT_8', 'messages.SendMessage', 100);
    const first = await world.startSender();
    const ids = await ask(place, numbered('text', 3));
    await vi.waitFor(async () => expect(await world.redis.hlen(world.paceKey)).toBe(1));
    const toldAt = Date.now();
    expect(await world.redis.pttl(world.paceKey)).toBeGreaterThan(8000);
    await first.stop({ graceMs: 0 });
    world.dc.faults.clear();
    const before = callsOf('messages.SendMessage').length;
    await world.startSender();
    await world.reported(ids);
    expect(Date.now() - toldAt).toBeGreaterThanOrEqual(7000);
    expect(world.textsIn(place.chat)).toEqual(numbered('text', 3));
    expect(callsOf('messages.SendMessage').length - before).toBe(3);
  });

  it('say the last of the edits that wait, once, and report all of them', async () => {
    const place = world.supergroup('edits');
    await world.startSender();
    const [sent] = await world.reported(await ask(place, ['first']));
    const messageId = sent?.messageIds?.[0] ?? 0;
    const { account, chatId } = place.origin;
    const edit = (text: string) =>
      world.asker.publish(telegramEdit, { target: { account, chatId, messageId }, text });
    fault(place.chat, 'FLOOD_WAIT_3', 'messages.EditMessage');
    const ids = [await edit('e 0')];
    await vi.waitFor(() => expect(callsOf('messages.EditMessage')).toHaveLength(1));
    for (let n = 1; n < 30; n += 1) ids.push(await edit(`e ${n}`));
    const reports = await world.reported(ids);
    expect(reports.every(({ messageIds }) => messageIds?.[0] === messageId)).toBe(true);
    expect(world.textsIn(place.chat)).toEqual(['e 29']);
    expect(callsOf('messages.EditMessage')).toHaveLength(2);
  });

  it('delete before the edits that wait, and drop those of what is deleted', async () => {
    const place = world.supergroup('deletes');
    await world.startSender();
    const sent = await world.reported(await ask(place, ['one', 'two']));
    const [one = 0, two = 0] = sent.map(({ messageIds }) => messageIds?.[0]);
    const { account, chatId } = place.origin;
    const edit = (messageId: number, text: string) =>
      world.asker.publish(telegramEdit, { target: { account, chatId, messageId }, text });
    fault(place.chat, 'FLOOD_WAIT_4', 'messages.EditMessage');
    const edits = [await edit(one, 'one edited'), await edit(two, 'two edited')];
    await vi.waitFor(() => expect(callsOf('messages.EditMessage')).toHaveLength(1));
    const deletion = await world.asker.publish(telegramDelete, { account, chatId, messageIds: [one] });
    await world.reported([deletion, edits[0]!]);
    expect(world.textsIn(place.chat)).toEqual(['two']);
    await world.reported(edits);
    expect(world.textsIn(place.chat)).toEqual(['two edited']);
    expect(callsOf('messages.EditMessage').map(({ error }) => error !== undefined)).toEqual([true, false]);
  });

  it('send nothing without the lease of the session, and leave it to the next process', async () => {
    const place = world.supergroup('fenced');
    const refused = vi.fn();
    let isLost = false;
    const first = await world.startSender({
      fence: () => {
        if (!isLost) return;
        refused();
        throw new SessionLeaseLost('the lease is lost');
      },
    });
    await world.reported(await ask(place, ['before']));
    isLost = true;
    const ids = await ask(place, numbered('text', 3));
    await vi.waitFor(() => expect(refused).toHaveBeenCalled());
    await first.stop({ graceMs: 0 });
    expect(world.textsIn(place.chat)).toEqual(['before']);
    await world.startSender();
    await world.reported(ids);
    expect(world.textsIn(place.chat)).toEqual(['before', ...numbered('text', 3)]);
    expect(callsOf('messages.SendMessage')).toHaveLength(4);
  });

  it('keep their pace in each chat', async () => {
    const places = [world.supergroup('a'), world.supergroup('b')];
    await world.startSender({ rate: 0, ratePerChat: 0.25 });
    // Five are saved up; the other two have four seconds each.
    const startedAt = Date.now();
    await world.reported((await Promise.all(places.map((place) => ask(place, numbered('text', 7))))).flat());
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(7500);
    expect(Date.now() - startedAt).toBeLessThan(40_000);
    for (const { chat } of places) expect(world.textsIn(chat)).toEqual(numbered('text', 7));
  });

  it('give a chat that has to wait for long back to the queue, and do not give up on it', async () => {
    const [slow, fast] = [world.supergroup('slow'), world.supergroup('fast')];
    fault(slow.chat, 'FLOOD_WAIT_3600');
    const first = await world.startSender();
    const ids = await ask(slow, numbered('slow', 10));
    await world.reported(await ask(fast, numbered('fast', 10)));
    // More often than there are rungs in the ladder.
    await vi.waitFor(() => expect(world.putOffs()).toBeGreaterThanOrEqual(40));
    expect(world.textsIn(slow.chat)).toEqual([]);
    await first.stop();
    // As if the hour were over.
    await world.redis.del(world.paceKey);
    await world.startSender();
    await world.reported(ids);
    expect(world.textsIn(slow.chat)).toEqual(numbered('slow', 10));
    expect(world.reports.filter(({ error }) => error)).toEqual([]);
  });
});
