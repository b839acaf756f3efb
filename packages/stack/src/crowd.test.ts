import { setImmediate } from 'node:timers/promises';
import { type LocalTelegram, startLocalTelegram, type WorldMessage } from '@heavy/local-telegram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Crowd, createCrowd } from './crowd.ts';

let telegram: LocalTelegram;
let crowd: Crowd;

beforeAll(async () => {
  telegram = await startLocalTelegram();
  const { world } = telegram;
  crowd = createCrowd({ world, account: world.addUser('heavy') }, { chats: 8, users: 50 });
});
afterAll(() => telegram.close());

const replies = (to: WorldMessage, text: string): WorldMessage =>
  telegram.world.user('heavy').in(to.chat).says(text, { replyTo: to });

describe('createCrowd', () => {
  it('lets each user speak once, in every chat and every topic', () => {
    const asked = crowd.asks((index) => `.vdl ${index}`);
    expect(asked.map(({ text }) => text)).toEqual(crowd.users.map((_, index) => `.vdl ${index}`));
    expect(new Set(asked.map(({ from }) => from)).size).toBe(50);
    expect(new Set(asked.map(({ chat }) => chat))).toEqual(new Set(crowd.chats));
    const titles = asked.filter(({ chat }) => chat.type === 'supergroup').map(({ topic }) => topic?.title);
    expect(new Set(titles)).toEqual(new Set(['General', 'Questions', 'Links']));
    for (const { chat } of asked) expect(chat.members.map(({ name }) => name)).toContain('heavy');
  });

  it('tells what was answered to each message', () => {
    const [first, second, third] = crowd.asks(() => 'again') as [WorldMessage, WorldMessage, WorldMessage];
    const yes = replies(second, 'yes');
    const taken = replies(third, 'no');
    telegram.world.user('heavy').deletes(taken);
    first.from.in(first.chat).says('I too', { replyTo: first });
    expect(crowd.answersTo([first, second, third])).toEqual([[], [yes], []]);
  });

  it('waits until each has an answer and no status message', async () => {
    const [first, second] = crowd.asks(() => 'wait') as [WorldMessage, WorldMessage];
    const status = replies(first, '… queued');
    replies(second, 'yes');
    let done = false;
    const answered = crowd.answered([first, second], AbortSignal.timeout(10_000)).then(() => {
      done = true;
    });
    replies(first, 'yes');
    // By then all that had to be told was told.
    await setImmediate();
    expect(done).toBe(false);
    telegram.world.user('heavy').deletes(status);
    await answered;
  });

  it('stops waiting when the signal aborts', async () => {
    const stop = new AbortController();
    const answered = crowd.answered(
      crowd.asks(() => 'never'),
      stop.signal,
    );
    stop.abort(new Error('enough'));
    await expect(answered).rejects.toThrow('enough');
  });

  it('makes a second crowd beside the first', () => {
    const { world } = telegram;
    const account = world.user('heavy');
    const second = createCrowd({ world, account }, { chats: 2, users: 4 });
    expect(second.asks(() => 'hello').every(({ chat }) => !crowd.chats.includes(chat))).toBe(true);
  });
});
