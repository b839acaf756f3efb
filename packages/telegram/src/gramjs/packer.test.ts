import bigInt from 'big-integer';
import { Api } from 'telegram';
import { AuthKey } from 'telegram/crypto/AuthKey.js';
import { RequestState } from 'telegram/network/RequestState.js';
import { describe, expect, it, vi } from 'vitest';
import { LogBridge } from './log.ts';
import { OutgoingState } from './outgoing-state.ts';
import { Packer } from './packer.ts';

const log = new LogBridge({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() });
const packer = () => new Packer(new OutgoingState(new AuthKey(), log), log);

const small = (id: number) => new RequestState(new Api.Ping({ pingId: bigInt(id) }));
const part = () => {
  const bytes = Buffer.alloc(512 * 1024);
  return new RequestState(new Api.upload.SaveFilePart({ fileId: bigInt(1), filePart: 0, bytes }));
};

/** All batches that are to be sent, until the queue is empty. */
const batches = async (queue: Packer) => {
  const all: RequestState[][] = [];
  while (queue.values().length > 0) {
    const packed = await queue.get();
    if (packed) all.push(packed.batch);
  }
  return all;
};

describe('Packer', () => {
  it('sends parts of files alone, and what is small together, all in order', async () => {
    const queue = packer();
    const [a, b, c, d] = [small(1), small(2), small(3), small(4)];
    const [first, second] = [part(), part()];
    queue.extend([first, a, b, second, c, d]);
    expect(await batches(queue)).toEqual([[first], [a, b], [second], [c, d]]);
  });

  it('loses nothing that comes while something is packed', async () => {
    const queue = packer();
    const [before, large, after, late] = [small(1), part(), small(2), small(3)];
    queue.extend([before, large, after]);
    const packed = queue.get();
    queue.append(late);
    const all = [(await packed)?.batch ?? [], ...(await batches(queue))];
    expect(all).toContainEqual([large]);
    expect(all.flat()).toHaveLength(4);
    for (const state of [before, large, after, late]) expect(all.flat().includes(state)).toBe(true);
  });

  it('lets the one who waits for something to send be woken up', async () => {
    const queue = packer();
    const large = part();
    queue.append(large);
    queue.clear();
    expect(await queue.get()).toBeUndefined();
    queue.extend([large]);
    expect(await batches(queue)).toEqual([[large]]);
  });
});
