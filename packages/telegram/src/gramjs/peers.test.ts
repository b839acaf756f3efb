import bigInt from 'big-integer';
import { Api } from 'telegram';
import { describe, expect, it, vi } from 'vitest';
import { PeerUnknown } from '../errors.ts';
import { memoryPeerStore, type Peer } from '../peer-store.ts';
import { Peers } from './peers.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const user = (id: number, more: object = {}) =>
  new Api.User({ id: bigInt(id), accessHash: bigInt(id * 10), firstName: `U${id}`, ...more });
const nothing = async () => {};

describe('Peers', () => {
  it('writes what is new, together, and once', async () => {
    const store = { get: async () => null, set: vi.fn(async (_: Peer[]) => {}) };
    const peers = new Peers(() => store, nothing, log);
    peers.remember({ users: [user(1), user(2)] });
    peers.remember({ users: [user(1)], chats: [new Api.ChatForbidden({ id: bigInt(3), title: 'Club' })] });
    await peers.saved();
    peers.remember({ users: [user(2)] });
    await peers.saved();
    expect(store.set.mock.calls).toEqual([
      [
        [
          { id: 1, type: 'private', accessHash: '10', name: 'U1' },
          { id: 2, type: 'private', accessHash: '20', name: 'U2' },
          { id: -3, type: 'group', name: 'Club' },
        ],
      ],
    ]);
  });

  it('writes again what could not be written, when something else is new', async () => {
    const store = { get: async () => null, set: vi.fn(async (_: Peer[]) => {}) };
    store.set.mockRejectedValueOnce(new Error('down'));
    const peers = new Peers(() => store, nothing, log);
    peers.remember({ users: [user(1)] });
    await peers.saved();
    peers.remember({ users: [user(2)] });
    await peers.saved();
    expect(store.set.mock.lastCall?.[0].map(({ id }) => id).sort()).toEqual([1, 2]);
  });

  it('does not take the hash of a min user, and does not lose a good one to it', async () => {
    const peers = new Peers(memoryPeerStore, nothing, log);
    peers.remember({ users: [user(1, { min: true })] });
    expect(peers.look(1)).toEqual({ id: 1, type: 'private', name: 'U1' });
    await expect(peers.inputPeer(1)).rejects.toThrow(PeerUnknown);
    peers.remember({ users: [user(1)] });
    peers.remember({ users: [user(1, { min: true })] });
    expect(await peers.inputPeer(1)).toMatchObject({ accessHash: bigInt(10) });
  });

  it('asks Telegram only for what neither it nor the store knows', async () => {
    const store = memoryPeerStore();
    await store.set([{ id: 1, type: 'private', accessHash: '10' }]);
    const ask = vi.fn(async (id: number) => ({ users: [user(id)] }));
    const peers = new Peers(() => store, ask, log);
    await peers.inputPeer(1);
    await peers.inputPeer(-3);
    expect(ask).not.toHaveBeenCalled();
    expect(await peers.inputPeer(2)).toMatchObject({ accessHash: bigInt(20) });
    await peers.inputPeer(2);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
