import { expect, vi } from 'vitest';
import type { IncomingMessage, TelegramAccount, UpdateState, UpdateStore } from '../../src/index.ts';
import type { Stage } from './stage.ts';

/** A store in memory, which outlives accounts as Redis does. */
export const memoryStore = (): UpdateStore & { state: UpdateState | null } => ({
  state: null,
  async load() {
    return this.state && structuredClone(this.state);
  },
  async save({ channels = new Map(), ...changes }) {
    const before = this.state ?? { pts: 0, qts: 0, seq: 0, date: 0, channels: new Map() };
    this.state = { ...before, ...changes, channels: new Map([...before.channels, ...channels]) };
  },
  async forget(channels) {
    for (const id of channels) this.state?.channels.delete(id);
  },
});

export const patience = { timeout: 20_000, interval: 10 };

/** Accounts that follow updates one after the other, over one store. */
export const followerOn = (stage: Stage) => {
  const store = memoryStore();
  const told: IncomingMessage[] = [];
  const onMessage = vi.fn(async (message: IncomingMessage): Promise<void> => void told.push(message));
  let account: TelegramAccount | undefined;
  const scene = {
    store,
    told,
    onMessage,
    texts: () => told.map(({ text }) => text),
    get status() {
      return account?.updates;
    },
    start: async () => {
      account = stage.account({ updates: { store, onMessage, recoverS: 3600 } });
      await account.connect();
      await vi.waitFor(() => expect(account?.updates).toMatchObject({ catchingUp: false }), patience);
    },
    stop: async () => account?.close(),
    /** Waits until that many messages were told, and all there is to fetch has been fetched. */
    hears: async (texts: readonly string[]) => {
      await vi.waitFor(() => expect(told.length).toBeGreaterThanOrEqual(texts.length), patience);
      await vi.waitFor(
        () => expect(account?.updates).toMatchObject({ catchingUp: false, pending: 0 }),
        patience,
      );
      expect(scene.texts().toSorted()).toEqual([...texts].toSorted());
    },
  };
  return scene;
};
