import type { Logger } from '@heavy/service';
import { FloodWait, SlowMode } from '@heavy/telegram';
import { type Allowance, createAllowance } from './allowance.ts';
import type { PaceStore } from './pace-store.ts';

/** What a call does in its chat. Telegram counts each kind for itself. */
export type Method = 'send' | 'media' | 'edit' | 'delete' | 'react';

/** What a call counts against. */
export interface Scope {
  method: Method;
  chatId: number;
}

/** A call's turn. */
export interface Turn {
  /** Unix time in milliseconds. */
  at: number;
  /** Telegram has imposed a wait since it was given: another is needed. */
  isVoid: () => boolean;
  /** It will not be used. */
  giveBack: () => void;
}

export interface PaceSettings {
  /** Calls per second of each method, over all chats; 0 for as fast as they come. */
  rate: number;
  /** The same within one chat. */
  ratePerChat: number;
}

/** Chats of which it is remembered how fast they were written to lately. */
const maxPeers = 10_000;

/** What slow mode is about: messages, and nothing that is done to them. */
const messageMethods: readonly Method[] = ['send', 'media'];

/**
 * How fast the account may do what. Each call counts against its method, and against its method in its chat; both learn from the waits
 * that Telegram imposes (`allowance.ts`). A flood wait names neither chat nor method: it is taken to be about the
 * chat, and about the method too once another chat has one that is not over. What was imposed is kept, and known to the
 * next process.
 */
export const createPace = ({
  settings,
  store,
  log,
}: {
  settings: PaceSettings;
  store: Pick<PaceStore, 'load' | 'save'>;
  log: Pick<Logger, 'warn'>;
}) => {
  const methods = new Map<Method, Allowance>();
  const peers = new Map<string, Allowance>();
  /** When flood waits of chats are over, for each method. */
  const floods = new Map<Method, Map<number, number>>();

  const methodOf = (method: Method): Allowance => {
    const allowance = methods.get(method) ?? createAllowance(settings.rate);
    methods.set(method, allowance);
    return allowance;
  };
  const prune = (): void => {
    const now = Date.now();
    for (const [key, allowance] of peers) if (allowance.isFresh(now)) peers.delete(key);
  };
  const peerKey = ({ method, chatId }: Scope) => `${method}:${chatId}`;
  const peerOf = (scope: Scope): Allowance => {
    const key = peerKey(scope);
    const known = peers.get(key);
    if (known) return known;
    if (peers.size >= maxPeers) prune();
    const allowance = createAllowance(settings.ratePerChat);
    peers.set(key, allowance);
    return allowance;
  };

  /** Whether another chat waits because of that method; remembers that this one does. */
  const isMethodWide = ({ method, chatId }: Scope, now: number, until: number): boolean => {
    const chats = floods.get(method) ?? new Map<number, number>();
    floods.set(method, chats);
    for (const [chat, end] of chats) if (end <= now) chats.delete(chat);
    chats.set(chatId, until);
    return chats.size > 1;
  };

  const impose = (scope: Scope, error: FloodWait | SlowMode, calledAt: number): Map<string, Allowance> => {
    const now = Date.now();
    const waitMs = error.seconds * 1000;
    const about = new Map<string, Allowance>();
    if (error instanceof SlowMode)
      for (const method of messageMethods)
        about.set(peerKey({ ...scope, method }), peerOf({ ...scope, method }));
    else {
      about.set(peerKey(scope), peerOf(scope));
      if (isMethodWide(scope, now, now + waitMs)) about.set(scope.method, methodOf(scope.method));
    }
    for (const allowance of about.values()) allowance.impose(waitMs, now, calledAt);
    return about;
  };

  return {
    /** Takes over what an earlier process was told. */
    load: async (): Promise<void> => {
      for (const [key, state] of await store.load()) {
        const [method, chat] = key.split(':') as [Method, string | undefined];
        const chatId = Number(chat);
        (chat === undefined ? methodOf(method) : peerOf({ method, chatId })).restore(state);
        if (chat !== undefined && state.until > Date.now())
          isMethodWide({ method, chatId }, Date.now(), state.until);
      }
    },
    /** When the wait is over that Telegram has imposed on such calls; in the past where there is none. */
    blockedUntil: (scope: Scope): number => Math.max(methodOf(scope.method).until, peerOf(scope).until),
    /** The next turn for such a call, which counts as taken. To be asked for when no imposed wait is in the way. */
    reserve: (scope: Scope): Turn => {
      const now = Date.now();
      const [method, peer] = [methodOf(scope.method), peerOf(scope)];
      const impositions = () => method.impositions + peer.impositions;
      const before = impositions();
      const isVoid = () => impositions() !== before;
      return {
        at: Math.max(method.reserve(now), peer.reserve(now)),
        isVoid,
        giveBack: () => {
          if (isVoid()) return;
          method.giveBack();
          peer.giveBack();
        },
      };
    },
    /** Learns from what a call ended in, which was made at `calledAt`. True: the same call may succeed after a wait, which is known now. */
    learn: (scope: Scope, error: unknown, calledAt: number): boolean => {
      if (!(error instanceof FloodWait || error instanceof SlowMode)) return false;
      const about = impose(scope, error, calledAt);
      log.warn(
        { err: error, waitS: error.seconds, scopes: [...about.keys()] },
        'Telegram imposes a wait; the rest goes on',
      );
      const states = new Map([...about].map(([key, allowance]) => [key, allowance.state()]));
      void store
        .save(states)
        .catch((err: unknown) => log.warn({ err }, 'a wait is known to this process only'));
      return true;
    },
  };
};

export type Pace = ReturnType<typeof createPace>;
