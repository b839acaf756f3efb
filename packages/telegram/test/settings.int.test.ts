import { type LocalTelegram, startLocalTelegram } from '@heavy/local-telegram';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { accountFromSettings, SessionLeaseLost, type TelegramAccount } from '../src/index.ts';

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

describe('accountFromSettings', () => {
  let redis: Redis;
  let telegram: LocalTelegram;
  let account: TelegramAccount | undefined;
  beforeAll(async () => {
    redis = new Redis(inject('redis').url, { db: 15 });
    telegram = await startLocalTelegram();
    telegram.world.addUser('heavy');
  });
  afterAll(async () => {
    await account?.close();
    await telegram.close();
    redis.disconnect();
  });

  it('asks nothing of Telegram any more once the lease of the session is lost', async () => {
    const { host, port, publicKeyPem } = telegram.endpoint;
    const check = vi.fn();
    account = accountFromSettings(
      {
        ...{
          TELEGRAM_API_ID: 1,
          TELEGRAM_API_HASH: 'x',
          TELEGRAM_SESSION: telegram.world.mintSession('heavy'),
        },
        ...{ TELEGRAM_ENDPOINT: `${host}:${port}`, TELEGRAM_ENDPOINT_KEY: publicKeyPem },
      },
      { redis, log, lease: { check, silenceMs: 75_000 } },
    );
    const { id: chatId } = await account.connect();
    await account.sendText({ chatId, text: 'held', randomId: 1n });
    check.mockImplementation(() => {
      throw new SessionLeaseLost('the lease is lost');
    });
    await expect(account.sendText({ chatId, text: 'lost', randomId: 2n })).rejects.toThrow(SessionLeaseLost);
    expect(telegram.calls.filter(({ method }) => method === 'messages.SendMessage')).toHaveLength(1);
  });
});
