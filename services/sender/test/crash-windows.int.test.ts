import { downloadProgress, type Envelope, type Origin, videoFailed, videoReady } from '@heavy/contracts';
import { Refused, type TelegramAccount } from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createChat, createSender, eventOf, newObject, newOrigin, type Posted } from './fixture.ts';

let redis: Redis;
beforeAll(() => {
  redis = new Redis(inject('redis').url);
});
afterAll(() => redis.disconnect());

class Crash extends Error {}

/** Wraps what a process reaches the world through, so that it dies at its n-th call out: before or after it is carried out. */
const mortal = (dieAt: number, when: 'before' | 'after') => {
  let calls = 0;
  let dead = false;
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (from, name, receiver) => {
        const value: unknown = Reflect.get(from, name, receiver);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          calls += 1;
          const last = calls === dieAt;
          if (dead || (last && when === 'before')) {
            dead = true;
            throw new Crash();
          }
          const result: unknown = await Reflect.apply(value, from, args);
          if (last) dead = true;
          if (dead) throw new Crash();
          return result;
        };
      },
    });
  return { wrap, isDead: () => dead };
};

const ready = (origin: Origin, title = 'A film') =>
  eventOf(videoReady, {
    origin,
    object: newObject(),
    media: { title, durationS: 1, sourceUrl: 'https://example.com/v' },
  });
const failed = (origin: Origin) =>
  eventOf(videoFailed, { origin, failure: { code: 'not_found', context: {} } });
const queued = (origin: Origin) => eventOf(downloadProgress, { origin, phase: 'queued' });

const refusing = (account: TelegramAccount): TelegramAccount => ({
  ...account,
  sendMedia: async () => Promise.reject(new Refused('CHAT_SEND_VIDEOS_FORBIDDEN', 'messages.SendMedia')),
});

const isSentence = ({ text, media }: Posted) => !media && text.includes('nothing at that link');
const isFilm = ({ media }: Posted) => media;
const isRefusal = ({ text, media }: Posted) => !media && text.includes('does not let me send media');

const cases: [
  name: string,
  events: (origin: Origin) => Envelope[],
  isOutcome: (message: Posted) => boolean,
  account: (account: TelegramAccount) => TelegramAccount,
][] = [
  ['a failure after a status message', (at) => [queued(at), failed(at)], isSentence, (one) => one],
  ['a failure without a status message', (at) => [failed(at)], isSentence, (one) => one],
  ['media after a status message', (at) => [queued(at), ready(at)], isFilm, (one) => one],
  [
    'media whose title reads like a status',
    (at) => [queued(at), ready(at, '… and more')],
    isFilm,
    (one) => one,
  ],
  ['media that the chat does not take', (at) => [queued(at), ready(at)], isRefusal, refusing],
];

describe('senderHandlers', () => {
  describe.each(cases)('with %s', (_, events, isOutcome, limited) => {
    it.each(['before', 'after'] as const)('leave one outcome whichever call they die %s', async (when) => {
      for (let dieAt = 1; ; dieAt += 1) {
        const origin = newOrigin();
        const chat = createChat();
        const account = limited(chat.account);
        const { wrap, isDead } = mortal(dieAt, when);
        const first = createSender({ account: wrap(account), redis: wrap(redis) });
        const second = createSender({ account, redis });
        for (const event of events(origin)) {
          if (!isDead()) await first.handle(event).catch(() => undefined);
          // What was not handled to its end is delivered again, to the next process; a step is stale by then.
          if (isDead() && event.type !== downloadProgress.type) await second.handle(event);
        }
        const left = chat.messages();
        expect(
          left.map(({ text }) => text),
          `dead ${when} call ${dieAt}`,
        ).toHaveLength(1);
        expect(left.every(isOutcome), `dead ${when} call ${dieAt}: ${left[0]?.text}`).toBe(true);
        if (!isDead()) return;
      }
    });
  });

  it('drop a second outcome of the same command', async () => {
    const origin = newOrigin();
    const chat = createChat();
    const sender = createSender({ account: chat.account, redis });
    await sender.handle(failed(origin));
    await sender.handle(ready(origin));
    expect(chat.messages().map(isSentence)).toEqual([true]);
  });
});
