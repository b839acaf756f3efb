import type { Redis } from 'ioredis';
import { type Static, Type } from 'typebox';
import type { TelegramAccount } from './account.ts';
import { createAccount } from './create-account.ts';
import type { Logger } from './logger.ts';
import { redisPeerStore } from './peer-store.ts';

/** Environment variables of whoever holds a session of the account; `secret` ones may be given as `<NAME>_FILE`. */
export const telegramSettings = {
  TELEGRAM_API_ID: Type.Integer({
    minimum: 1,
    description: 'api_id of your application, from my.telegram.org.',
  }),
  TELEGRAM_API_HASH: Type.String({
    minLength: 1,
    secret: true,
    description: 'api_hash of your application, from my.telegram.org.',
  }),
  TELEGRAM_SESSION: Type.String({
    minLength: 1,
    secret: true,
    description:
      'Session string of the account. Each service needs one of its own: one used twice is revoked.',
  }),
  TELEGRAM_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^.+:[0-9]+$',
      description:
        'host:port of a data centre other than Telegram’s own: the local one, in the demo and in tests.',
    }),
  ),
  TELEGRAM_ENDPOINT_KEY: Type.Optional(
    Type.String({
      minLength: 1,
      secret: true,
      description: 'Public RSA key (PEM) of the data centre at TELEGRAM_ENDPOINT.',
    }),
  ),
};

const settings = Type.Object(telegramSettings);

const endpointOf = ({ TELEGRAM_ENDPOINT: address, TELEGRAM_ENDPOINT_KEY: pem }: Static<typeof settings>) => {
  if (address === undefined) return {};
  if (pem === undefined) throw new Error('TELEGRAM_ENDPOINT is set and TELEGRAM_ENDPOINT_KEY is not');
  const at = address.lastIndexOf(':');
  return { endpoint: { host: address.slice(0, at), port: Number(address.slice(at + 1)), publicKeyPem: pem } };
};

/**
 * The account that the settings name. What is needed to address its chats is kept in Redis, so that a chat which one
 * session has seen can be written to by another.
 */
export const accountFromSettings = (
  config: Static<typeof settings>,
  { log, redis }: { log: Logger; redis: Redis },
): TelegramAccount =>
  createAccount({
    session: config.TELEGRAM_SESSION,
    apiId: config.TELEGRAM_API_ID,
    apiHash: config.TELEGRAM_API_HASH,
    ...endpointOf(config),
    // The key is `redisKeys.peers` of the contracts.
    peers: (accountId) => redisPeerStore(redis, `telegram:peers:${accountId}`),
    log,
  });
