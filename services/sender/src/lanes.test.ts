import type { Logger } from '@heavy/service';
import { FloodWait, NotConnected, Refused, SlowMode } from '@heavy/telegram';
import pLimit from 'p-limit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLanes, type Post } from './lanes.ts';
import { createPace, type Method, type PaceSettings } from './pace/pace.ts';

const log = { warn: () => undefined } satisfies Partial<Logger> as Partial<Logger> as Logger;
const never = new AbortController().signal;

const createWorld = ({ slots = 64, ...own }: Partial<PaceSettings> & { slots?: number } = {}) => {
  const pace = createPace({
    settings: { rate: 0, ratePerChat: 0, ...own },
    store: { load: async () => new Map(), save: async () => undefined },
    log,
  });
  const limit = pLimit(slots);
  const lanes = createLanes({ pace, limit, log });
  /** What Telegram carried out, and when in seconds from the beginning. */
  const done: string[] = [];
  const times: number[] = [];
  const startedAt = Date.now();
  const faults = new Map<string, unknown[]>();
  const post = (name: string, about: Partial<Post> = {}, signal = never): Promise<string> => {
    const call = async () => {
      const fault = faults.get(name)?.shift();
      if (fault instanceof Promise) await fault;
      else if (fault) throw fault;
      done.push(name);
      times.push((Date.now() - startedAt) / 1000);
      return name;
    };
    const result = lanes.post({ method: 'send', chatId: 1, ...about }, call, signal);
    // Some are looked at only later.
    result.catch(() => undefined);
    return result;
  };
  const edit = (name: string, messageId: number) => post(name, { method: 'edit', messageIds: [messageId] });
  const remove = (name: string, ...messageIds: number[]) => post(name, { method: 'delete', messageIds });
  const fault = (name: string, ...errors: unknown[]) => faults.set(name, errors);
  return { lanes, limit, done, times, post, edit, remove, fault };
};
const flood = (seconds: number) => new FloodWait(seconds, 'x');

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('createLanes', () => {
  it('keeps the order within a chat, also after a failure, and lets other chats pass', async () => {
    const { done, post, fault } = createWorld();
    const gate = Promise.withResolvers<void>();
    fault('a1', gate.promise);
    fault('a2', new Refused('CHAT_WRITE_FORBIDDEN', 'x'));
    const posts = ['a1', 'a2', 'a3'].map((name) => post(name));
    expect(await post('b1', { chatId: 2 })).toBe('b1');
    expect(done).toEqual(['b1']);
    gate.resolve();
    await expect(posts[1]).rejects.toThrow('CHAT_WRITE_FORBIDDEN');
    expect(await Promise.all([posts[0], posts[2]])).toEqual(['a1', 'a3']);
    expect(done).toEqual(['b1', 'a1', 'a3']);
  });

  it.each([flood(30), new SlowMode(30, 'x')])(
    'keeps what follows on %s behind it, and no slot',
    async (wait) => {
      const { done, times, post, fault, limit } = createWorld({ slots: 1 });
      fault('a1', wait);
      const posts = ['a1', 'a2', 'a3'].map((name) => post(name));
      await vi.advanceTimersByTimeAsync(100);
      expect(limit.activeCount + limit.pendingCount).toBe(0);
      await post('b1', { chatId: 2 });
      await vi.advanceTimersByTimeAsync(29_899);
      expect(done).toEqual(['b1']);
      await vi.advanceTimersByTimeAsync(1);
      await Promise.all(posts);
      expect(done).toEqual(['b1', 'a1', 'a2', 'a3']);
      expect(times).toEqual([0.1, 30, 30, 30]);
    },
  );

  it('lets go on in the chat what a wait is not about', async () => {
    const { done, post, edit, remove, fault } = createWorld();
    fault('edit', flood(30));
    const first = edit('edit', 7);
    await vi.advanceTimersByTimeAsync(0);
    await Promise.all([
      post('send'),
      remove('delete', 8),
      post('react', { method: 'react', messageIds: [7] }),
    ]);
    expect(done).toEqual(['send', 'delete', 'react']);
    await vi.advanceTimersByTimeAsync(30_000);
    await first;
  });

  it('holds all chats back by a wait that is about the method, one after the other', async () => {
    const { done, times, post, fault } = createWorld({ rate: 1 });
    fault('a', flood(30));
    fault('b', flood(30));
    const posts = ['a', 'b', 'c'].map((name, chatId) => post(name, { chatId: chatId + 1 }));
    await vi.advanceTimersByTimeAsync(0);
    const late = post('d', { chatId: 4 });
    await vi.advanceTimersByTimeAsync(36_000);
    await Promise.all([...posts, late]);
    expect(done.slice(0, 1)).toEqual(['c']);
    expect(new Set(done.slice(1))).toEqual(new Set(['a', 'b', 'd']));
    expect(times).toEqual([0, 30, 32, 34]);
  });

  it('sends at the pace of the chat, others at theirs', async () => {
    const { times, post } = createWorld({ ratePerChat: 0.1 });
    const posts = [1, 2, 3, 4].map((n) => post(`a${n}`));
    posts.push(post('b', { chatId: 2 }));
    await vi.advanceTimersByTimeAsync(20_000);
    await Promise.all(posts);
    expect(times).toEqual([0, 0, 0, 10, 20]);
  });

  it('carries out the latest of the edits of one message, for all of them', async () => {
    const { done, edit, fault } = createWorld();
    fault('first', flood(5));
    const edits = [edit('first', 7), edit('other', 8)];
    await vi.advanceTimersByTimeAsync(100);
    edits.push(edit('second', 7), edit('third', 7));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await Promise.all(edits)).toEqual([undefined, 'other', undefined, 'third']);
    expect(done).toEqual(['third', 'other']);
  });

  it('carries out the later edit where the earlier one was under way, and was told to wait', async () => {
    const { done, edit, fault } = createWorld();
    const gate = Promise.withResolvers<void>();
    fault('first', gate.promise);
    const edits = [edit('first', 7)];
    await vi.advanceTimersByTimeAsync(0);
    edits.push(edit('second', 7));
    gate.reject(flood(5));
    await vi.advanceTimersByTimeAsync(5000);
    await Promise.all(edits);
    expect(done).toEqual(['second']);
  });

  it('answers all whose edit was replaced by the fault of the last', async () => {
    const { edit, fault } = createWorld();
    fault('first', flood(5));
    fault('second', new Refused('MESSAGE_ID_INVALID', 'x'));
    const edits = [edit('first', 7), edit('second', 7)];
    await vi.advanceTimersByTimeAsync(5000);
    for (const one of edits) await expect(one).rejects.toThrow('MESSAGE_ID_INVALID');
  });

  it('has a delete overtake the edits that wait, and drops those of what it deletes', async () => {
    const { done, edit, remove, post, fault } = createWorld({ ratePerChat: 0.05 });
    const gate = Promise.withResolvers<void>();
    fault('sending', gate.promise);
    const posts = [post('sending'), edit('7', 7), edit('8', 8), remove('delete', 7)];
    await vi.advanceTimersByTimeAsync(0);
    gate.resolve();
    await vi.advanceTimersByTimeAsync(0);
    expect(await Promise.all(posts)).toEqual(['sending', undefined, '8', 'delete']);
    expect(done).toEqual(['sending', 'delete', '8']);
  });

  it('drops an edit that was told to wait where its message is to be deleted by then', async () => {
    const { done, edit, remove, fault } = createWorld();
    const gate = Promise.withResolvers<void>();
    fault('edit', gate.promise);
    const posts = [edit('edit', 7)];
    await vi.advanceTimersByTimeAsync(0);
    posts.push(remove('delete', 6, 7));
    gate.reject(flood(60));
    await Promise.all(posts);
    expect(done).toEqual(['delete']);
  });

  it('repeats a call that failed in passing, before what follows', async () => {
    const { done, post, fault } = createWorld();
    fault('a1', new NotConnected('x'), new NotConnected('x'));
    const posts = [post('a1'), post('a2')];
    await vi.advanceTimersByTimeAsync(1500);
    await Promise.all(posts);
    expect(done).toEqual(['a1', 'a2']);
  });

  it('puts a chat off that has to wait for more than ten minutes, and whoever comes meanwhile', async () => {
    const { done, post, edit, fault } = createWorld();
    fault('a1', flood(601));
    const posts = ['a1', 'a2', 'a3'].map((name) => post(name));
    const order: string[] = [];
    for (const [index, one] of posts.entries()) one.catch(() => order.push(`a${index + 1}`));
    await vi.advanceTimersByTimeAsync(100);
    const isPutOff = { name: 'RetryableError', countsAsAttempt: false, retryAfterMs: expect.any(Number) };
    for (const one of [...posts, post('a4')]) await expect(one).rejects.toMatchObject(isPutOff);
    expect(order).toEqual(['a1', 'a2', 'a3']);
    await Promise.all([edit('edit', 7), post('b', { chatId: 2 })]);
    // Short enough by now.
    await vi.advanceTimersByTimeAsync(1000);
    const late = post('a5');
    await vi.advanceTimersByTimeAsync(600_000);
    await late;
    expect(done).toEqual(['edit', 'b', 'a5']);
  });

  it('puts off what was held for ten minutes, with all that is behind it', async () => {
    const { done, post } = createWorld({ ratePerChat: 1 / 300 });
    const posts = [1, 2, 3, 4, 5, 6].map((n) => post(`a${n}`));
    await vi.advanceTimersByTimeAsync(900_000);
    await Promise.all(posts.slice(0, 4));
    for (const one of posts.slice(4)) await expect(one).rejects.toMatchObject({ countsAsAttempt: false });
    expect(done).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('holds no more than 500 for a chat that waits', async () => {
    const { post, fault } = createWorld();
    fault('0', flood(60));
    const posts = Array.from({ length: 500 }, (_, n) => post(`${n}`));
    await vi.advanceTimersByTimeAsync(0);
    await expect(post('too many')).rejects.toMatchObject({ countsAsAttempt: false });
    await post('elsewhere', { chatId: 2 });
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(posts);
  });

  it('lets go of what waits when its signal aborts, and not of what is under way', async () => {
    const { done, post, fault } = createWorld();
    const stop = new AbortController();
    const gate = Promise.withResolvers<void>();
    fault('a1', gate.promise);
    const posts = ['a1', 'a2'].map((name) => post(name, {}, stop.signal));
    fault('b1', flood(60));
    const elsewhere = post('b1', { chatId: 2 }, stop.signal);
    await vi.advanceTimersByTimeAsync(0);
    const reason = new Error('stopping');
    stop.abort(reason);
    await expect(posts[1]).rejects.toBe(reason);
    await expect(elsewhere).rejects.toBe(reason);
    gate.resolve();
    await posts[0];
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toEqual(['a1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['send', 'media', 'edit', 'delete', 'react'] as Method[])(
    'leaves nothing behind of a %s',
    async (method) => {
      const { post } = createWorld({ rate: 1, ratePerChat: 1 });
      await post('only', { method, messageIds: [1] });
      await vi.advanceTimersByTimeAsync(0);
      expect(vi.getTimerCount()).toBe(0);
    },
  );
});
