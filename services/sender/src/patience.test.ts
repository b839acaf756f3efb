import type { Logger } from '@heavy/service';
import {
  AuthLost,
  CallTimedOut,
  FloodWait,
  NotConnected,
  PeerFlood,
  Refused,
  SlowMode,
  TelegramError,
  TelegramUnavailable,
} from '@heavy/telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withPatience } from './patience.ts';

const log = { warn: () => undefined } satisfies Partial<Logger> as Partial<Logger> as Logger;
const never = new AbortController().signal;

/** A call that fails with these errors, one after another, and then succeeds. */
const failing = (...errors: Error[]) => {
  const call = vi.fn(async () => 'done');
  for (const error of errors) call.mockRejectedValueOnce(error);
  return call;
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('withPatience', () => {
  it.each([new FloodWait(7, 'x'), new SlowMode(7, 'x')])(
    'repeats after exactly the wait of %s',
    async (error) => {
      const call = failing(error);
      const result = withPatience(call, never, log);
      await vi.advanceTimersByTimeAsync(6999);
      expect(call).toHaveBeenCalledOnce();
      await vi.advanceTimersByTimeAsync(1);
      expect(call).toHaveBeenCalledTimes(2);
      expect(await result).toBe('done');
    },
  );

  it.each([new NotConnected('x'), new CallTimedOut('x'), new TelegramUnavailable('INTERNAL', 'x')])(
    'repeats after %s, later each time and at most 30 s apart',
    async (error) => {
      const call = failing(...Array<Error>(9).fill(error));
      const result = withPatience(call, never, log);
      await vi.advanceTimersByTimeAsync(249);
      expect(call).toHaveBeenCalledOnce();
      await vi.advanceTimersByTimeAsync(251);
      expect(call).toHaveBeenCalledTimes(2);
      await vi.advanceTimersByTimeAsync(9 * 30_000);
      expect(await result).toBe('done');
    },
  );

  it('holds the call back while the session is not accepted', async () => {
    const stop = new AbortController();
    const call = vi.fn(() => Promise.reject(new AuthLost('AUTH_KEY_UNREGISTERED', 'x')));
    const result = withPatience(call, stop.signal, log);
    const settled = vi.fn();
    result.then(settled, settled);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(settled).not.toHaveBeenCalled();
    expect(call.mock.calls.length).toBeLessThanOrEqual(121);
    stop.abort(new Error('stopping'));
    await expect(result).rejects.toThrow();
  });

  it.each([
    new Refused('CHAT_WRITE_FORBIDDEN', 'x'),
    new PeerFlood('PEER_FLOOD', 'x'),
    new TelegramError('CLIENT_FAULT', 'x'),
    new Error('a bug'),
  ])('throws %s at once', async (error) => {
    const call = failing(error);
    await expect(withPatience(call, never, log)).rejects.toBe(error);
    expect(call).toHaveBeenCalledOnce();
  });

  it('ends a wait when the signal aborts, and does not call any more', async () => {
    const stop = new AbortController();
    const call = failing(new FloodWait(600, 'x'));
    const result = withPatience(call, stop.signal, log);
    await vi.advanceTimersByTimeAsync(1000);
    const rejected = expect(result).rejects.toThrow();
    stop.abort(new Error('stopping'));
    await rejected;
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(call).toHaveBeenCalledOnce();
  });

  it('puts off what would be held for longer than ten minutes, which is no failed attempt', async () => {
    const cause = new FloodWait(601, 'x');
    await expect(withPatience(failing(cause), never, log)).rejects.toMatchObject({
      ...{ name: 'RetryableError', retryAfterMs: 601_000, countsAsAttempt: false, cause },
    });
  });

  it('gives the reason of the signal where a call fails because of it', async () => {
    const stop = new AbortController();
    const reason = new Error('stopping');
    const result = withPatience(
      async () => {
        stop.abort(reason);
        throw new NotConnected('x');
      },
      stop.signal,
      log,
    );
    await expect(result).rejects.toBe(reason);
  });
});
