import type { ChatType } from './account.ts';

/** What it takes to address a user or chat from one account, and to name it. */
export interface Peer {
  /** Marked: users positive, basic groups negative, channels `-100…`. */
  id: number;
  type: ChatType;
  /** Telegram's proof that this account has seen the peer; basic groups have none. Good for one account, all its sessions. */
  accessHash?: string;
  /** A user's name or a chat's title. */
  name?: string;
  username?: string;
  /** Of a user: in the account's contacts. */
  contact?: true;
}

/** Where an account remembers its peers, shared by all processes on the account. */
export interface PeerStore {
  get(chatId: number): Promise<Peer | null>;
  set(peers: Peer[]): Promise<void>;
}

/** For one process. */
export const memoryPeerStore = (): PeerStore => {
  const peers = new Map<number, Peer>();
  return {
    get: async (chatId) => peers.get(chatId) ?? null,
    set: async (seen) => {
      for (const peer of seen) peers.set(peer.id, peer);
    },
  };
};

/** The two commands of an ioredis client that the store needs. */
export interface RedisHash {
  hget(key: string, field: string): Promise<string | null>;
  hset(key: string, fields: Record<string, string>): Promise<number>;
}

/** One Redis hash per account: marked id → peer as JSON. */
export const redisPeerStore = (redis: RedisHash, key: string): PeerStore => ({
  get: async (chatId) => {
    const json = await redis.hget(key, String(chatId));
    return json === null ? null : (JSON.parse(json) as Peer);
  },
  set: async (peers) => {
    await redis.hset(key, Object.fromEntries(peers.map((peer) => [String(peer.id), JSON.stringify(peer)])));
  },
});
