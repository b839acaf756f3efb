import bigInt from 'big-integer';
import { Api } from 'telegram';
import { describe, expect, it } from 'vitest';
import { markedId, unmarked } from './ids.ts';

describe('markedId', () => {
  it.each([
    [new Api.PeerUser({ userId: bigInt(7_000_000_001) }), 7_000_000_001, 'user'],
    [new Api.PeerChat({ chatId: bigInt(4_000_000_001) }), -4_000_000_001, 'group'],
    [new Api.PeerChannel({ channelId: bigInt(1_500_000_500) }), -1_001_500_000_500, 'channel'],
    [new Api.PeerChannel({ channelId: bigInt(12_345_678_901) }), -1_012_345_678_901, 'channel'],
  ])('marks %o as %i, and unmarked takes it back', (peer, id, kind) => {
    expect(markedId(peer)).toBe(id);
    expect(unmarked(id).kind).toBe(kind);
    expect(
      Object.values(peer).some((value) => bigInt.isInstance(value) && value.equals(unmarked(id).bare)),
    ).toBe(true);
  });
});
