import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { memoryPeerStore, type Peer, type PeerStore, redisPeerStore } from '../src/index.ts';

const key = `test:peers:${process.pid}`;
let redis: Redis;

beforeEach(() => {
  redis = new Redis(inject('redis').url);
});

afterEach(async () => {
  await redis.del(key);
  redis.disconnect();
});

describe.each<{ name: string; open: () => PeerStore }>([
  { name: 'memoryPeerStore', open: memoryPeerStore },
  { name: 'redisPeerStore', open: () => redisPeerStore(redis, key) },
])('$name', ({ open }) => {
  const alice: Peer = {
    id: 7_000_000_001,
    type: 'private',
    accessHash: '-9223372036854775808',
    name: 'Älice',
  };
  const club: Peer = { id: -4_000_000_001, type: 'group', name: 'Film club' };

  it('gives back what was set, and null for the rest', async () => {
    const store = open();
    await store.set([alice, club]);
    expect(await store.get(alice.id)).toEqual(alice);
    expect(await store.get(club.id)).toEqual(club);
    expect(await store.get(1)).toBeNull();
  });

  it('replaces what was set before', async () => {
    const store = open();
    await store.set([alice]);
    await store.set([{ ...alice, name: 'Alice' }]);
    expect(await store.get(alice.id)).toEqual({ ...alice, name: 'Alice' });
  });
});
