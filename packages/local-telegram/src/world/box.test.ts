import { describe, expect, it } from 'vitest';
import { Box } from './box.ts';
import type { WorldMessage } from './message.ts';

const message = (): WorldMessage => ({ ids: new Map() }) as unknown as WorldMessage;

describe('Box', () => {
  it('tells what changed since any state, in order and no more than asked for', () => {
    const box = new Box();
    const [a, b, c] = [message(), message(), message()] as const;
    for (const one of [a, b, c]) box.add(one);
    box.remove([a, b]);
    box.edit(c);
    const since = (pts: number, limit = 100) => {
      const { events, count } = box.since(pts, limit);
      return [events.map((event) => event.pts), count];
    };
    expect(box.pts).toBe(7);
    expect(since(0)).toEqual([[2, 3, 4, 6, 7], 5]);
    expect(since(3)).toEqual([[4, 6, 7], 3]);
    expect(since(3, 2)).toEqual([[4, 6], 3]);
    expect(since(5)).toEqual([[6, 7], 2]);
    expect(since(6)).toEqual([[7], 1]);
    expect(since(7)).toEqual([[], 0]);
  });
});
