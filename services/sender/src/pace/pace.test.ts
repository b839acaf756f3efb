import { FloodWait, Refused, SlowMode } from '@heavy/telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AllowanceState } from './allowance.ts';
import { createPace, type Method, type PaceSettings, type Scope } from './pace.ts';

const at = (method: Method, chatId: number): Scope => ({ method, chatId });
const flood = (seconds: number) => new FloodWait(seconds, 'messages.SendMessage');

const createWorld = (settings: PaceSettings = { rate: 0, ratePerChat: 0 }) => {
  const kept = new Map<string, AllowanceState>();
  const warn = vi.fn();
  const process = () =>
    createPace({
      settings,
      store: {
        load: async () => new Map(kept),
        save: async (states) => {
          for (const [scope, state] of states) kept.set(scope, state);
        },
      },
      log: { warn },
    });
  return { kept, warn, process };
};

/** For how many seconds each of these has to wait. */
const waits = (pace: ReturnType<typeof createPace>, scopes: Scope[]) =>
  scopes.map((scope) => Math.max(0, pace.blockedUntil(scope) - Date.now()) / 1000);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('createPace', () => {
  it('takes a flood wait for that method in that chat, and for nothing else', () => {
    const pace = createWorld().process();
    expect(pace.learn(at('send', 1), flood(30), Date.now())).toBe(true);
    expect(
      waits(pace, [at('send', 1), at('send', 2), at('edit', 1), at('media', 1), at('delete', 1)]),
    ).toEqual([30, 0, 0, 0, 0]);
  });

  it('takes it for the method everywhere once another chat is told the same while one waits', () => {
    const pace = createWorld().process();
    pace.learn(at('send', 1), flood(30), Date.now());
    vi.advanceTimersByTime(10_000);
    pace.learn(at('send', 2), flood(40), Date.now());
    expect(waits(pace, [at('send', 1), at('send', 3), at('edit', 3)])).toEqual([40, 40, 0]);
  });

  it('does not where the first wait is over, is of another method, or of the same chat', () => {
    const pace = createWorld().process();
    pace.learn(at('send', 1), flood(30), Date.now());
    pace.learn(at('send', 1), flood(30), Date.now());
    pace.learn(at('edit', 2), flood(30), Date.now());
    expect(waits(pace, [at('send', 3), at('edit', 3)])).toEqual([0, 0]);
    vi.advanceTimersByTime(30_000);
    pace.learn(at('send', 2), flood(30), Date.now());
    expect(waits(pace, [at('send', 3)])).toEqual([0]);
  });

  it('takes slow mode for new messages of that chat, however many chats have it', () => {
    const pace = createWorld().process();
    for (const chat of [1, 2]) pace.learn(at('send', chat), new SlowMode(60, 'x'), Date.now());
    expect(waits(pace, [at('send', 1), at('media', 1), at('edit', 1), at('send', 3)])).toEqual([
      60, 60, 0, 0,
    ]);
  });

  it('learns from nothing else', () => {
    const { process, warn } = createWorld();
    expect(process().learn(at('send', 1), new Refused('CHAT_WRITE_FORBIDDEN', 'x'), Date.now())).toBe(false);
    expect(warn).not.toHaveBeenCalled();
  });

  it('gives turns at the pace of the chat and of the method', () => {
    const pace = createWorld({ rate: 0.2, ratePerChat: 0.05 }).process();
    const turn = (scope: Scope) => (pace.reserve(scope).at - Date.now()) / 1000;
    expect([turn(at('send', 1)), turn(at('send', 1))]).toEqual([0, 20]);
    expect([2, 3, 4].map((chat) => turn(at('send', chat)))).toEqual([0, 0, 5]);
    expect(turn(at('edit', 1))).toBe(0);
  });

  it('makes a turn void that was given before a wait', () => {
    const pace = createWorld({ rate: 1, ratePerChat: 1 }).process();
    const [here, there] = [pace.reserve(at('send', 1)), pace.reserve(at('send', 2))];
    pace.learn(at('send', 1), flood(30), Date.now());
    expect([here.isVoid(), there.isVoid()]).toEqual([true, false]);
    // A void one gives nothing back.
    here.giveBack();
    vi.advanceTimersByTime(30_000);
    const turns = [1, 2].map(() => (pace.reserve(at('send', 1)).at - Date.now()) / 1000);
    expect(turns).toEqual([0, 2]);
  });

  it('keeps what was imposed for the next process', async () => {
    const { kept, process } = createWorld();
    const first = process();
    first.learn(at('send', -1001), flood(300), Date.now());
    first.learn(at('send', -1002), flood(200), Date.now());
    expect([...kept.keys()]).toEqual(['send:-1001', 'send:-1002', 'send']);
    vi.advanceTimersByTime(250_000);
    const second = process();
    await second.load();
    expect(waits(second, [at('send', -1001), at('send', -1002)])).toEqual([50, 0]);
    // The next process knows which chats wait, too.
    second.learn(at('send', -1003), flood(20), Date.now());
    expect(waits(second, [at('send', -1004)])).toEqual([20]);
  });
});
