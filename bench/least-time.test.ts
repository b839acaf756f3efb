import { describe, expect, it } from 'vitest';
import { documented, leastTimeMs } from './least-time.ts';

const chats = (count: number, messages: number, isGroup = false) =>
  Array.from({ length: count }, () => ({ messages, isGroup }));

describe('leastTimeMs', () => {
  it.each([
    ['nothing', [], 0],
    ['a message', chats(1, 1), 0],
    ['as much as a second takes', chats(30, 1), 0],
    ['one more than a second takes', chats(31, 1), 1000],
    ['15,000 messages to 1,000 chats', chats(1000, 15), 499_000],
    ['a chat that is sent more than the others', [...chats(30, 1), ...chats(1, 10)], 9000],
    ['a group within its minute', chats(1, 20, true), 19_000],
    ['a group beyond its minute', chats(1, 21, true), 60_000],
    ['a group that takes longer than all else', [...chats(100, 10), ...chats(1, 41, true)], 120_000],
  ])('of %s', (_, loads, ms) => {
    expect(leastTimeMs(loads)).toBe(ms);
  });

  it('leaves out limits that there are not', () => {
    expect(leastTimeMs(chats(10, 100), { ...documented, sends: null })).toBe(99_000);
    expect(leastTimeMs(chats(10, 100), { sends: null, sendsPerChat: null, sendsPerGroup: null })).toBe(0);
  });
});
