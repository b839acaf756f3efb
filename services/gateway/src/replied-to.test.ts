import {
  CallTimedOut,
  FloodWait,
  type IncomingMessage,
  NotConnected,
  Refused,
  type TelegramAccount,
  TelegramUnavailable,
} from '@heavy/telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { repliedTo } from './replied-to.ts';

const message: IncomingMessage = {
  ...{ chat: { id: -2, type: 'group' }, id: 7, date: 0, edited: false, text: '.vdl', entities: [] },
  ...{ outgoing: false, sender: { id: 4 }, receivedAt: 0, replyTo: 6 },
};
const quoted: IncomingMessage = { ...message, id: 6, text: 'https://example.com/a' };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const world = () => {
  const getMessage = vi.fn<TelegramAccount['getMessage']>(async () => quoted);
  const ending = new AbortController();
  const deps = { account: { getMessage }, log: { warn: vi.fn() }, signal: ending.signal };
  return { getMessage, ending, fetch: (of: IncomingMessage) => repliedTo(deps, of) };
};

describe('repliedTo', () => {
  it('gives the message, and asks for none where there is none', async () => {
    const { fetch, getMessage } = world();
    expect(await fetch(message)).toBe(quoted);
    const { replyTo: _, ...bare } = message;
    expect(await fetch(bare)).toBeNull();
    expect(getMessage).toHaveBeenCalledExactlyOnceWith(-2, 6);
  });

  it('looks for it in the chat that it is in', async () => {
    const { fetch, getMessage } = world();
    await fetch({ ...message, replyToChat: -3 });
    expect(getMessage).toHaveBeenCalledExactlyOnceWith(-3, 6);
  });

  it.each([
    new FloodWait(20, 'x'),
    new CallTimedOut('x'),
    new NotConnected('x'),
    new TelegramUnavailable('INTERNAL', 'x'),
  ])('fetches it later after %s', async (error) => {
    const { fetch, getMessage } = world();
    getMessage.mockRejectedValueOnce(error);
    const fetched = fetch(message);
    await vi.advanceTimersByTimeAsync(error instanceof FloodWait ? 19_999 : 999);
    expect(getMessage).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1);
    expect(await fetched).toBe(quoted);
  });

  it.each([
    ['is refused', new Refused('CHANNEL_PRIVATE', 'x')],
    ['has to be waited for too long', new FloodWait(3600, 'x')],
  ])('goes without it where it %s', async (_, error) => {
    const { fetch, getMessage } = world();
    getMessage.mockRejectedValue(error);
    expect(await fetch(message)).toBeNull();
    expect(getMessage).toHaveBeenCalledOnce();
  });

  it('stops waiting when the signal aborts', async () => {
    const { fetch, getMessage, ending } = world();
    getMessage.mockRejectedValue(new NotConnected('x'));
    const fetched = fetch(message);
    const outcome = expect(fetched).rejects.toThrow();
    await vi.advanceTimersByTimeAsync(10);
    ending.abort();
    await outcome;
    expect(getMessage).toHaveBeenCalledOnce();
  });
});
