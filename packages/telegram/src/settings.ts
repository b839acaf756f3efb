import type { Redis } from 'ioredis';
import { type Static, Type } from 'typebox';
import type { TelegramAccount } from './account.ts';
import { type AccountOptions, createAccount } from './create-account.ts';
import type { Logger } from './logger.ts';
import { redisPeerStore } from './peer-store.ts';
import {
  isSealed,
  openSession,
  parseSessionKey,
  SessionUnreadable,
  sessionKeyPattern,
} from './session/sealed-session.ts';
import { sessionFingerprint } from './session/session-fingerprint.ts';
import type { SessionLease } from './session-lease.ts';

/** The variables of the endpoint, which not only services read. */
export const endpointSettings = {
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

/** The key of sealed sessions, which not only services read. */
export const sessionKeySetting = Type.Optional(
  Type.String({
    pattern: sessionKeyPattern,
    secret: true,
    description:
      'Key that a sealed TELEGRAM_SESSION was sealed with: 32 bytes in base64 or hex. To be kept apart from it.',
  }),
);

/** Environment variables of whoever holds a session of the account; `secret` ones may be given as `<NAME>_FILE`. */
export const telegramSettings = {
  // No secret by itself; but what stands here by mistake is most likely the api_hash.
  TELEGRAM_API_ID: Type.Integer({
    minimum: 1,
    secret: true,
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
      'Session of the account, sealed (npm run login) or plain. Each service needs one of its own: one used twice is revoked.',
  }),
  HEAVY_SESSION_KEY: sessionKeySetting,
  ...endpointSettings,
};

/** Telegram counts in seconds when it is to end a silent connection: a shorter lease would end before that. */
const shortestLeaseS = 5;

/** SESSION_LEASE of whoever stands by for its session, in seconds once it is read. `parse` reads a duration, as @heavy/service wants it. */
export const sessionLeaseSetting = (parse: (text: string) => number | null) => {
  const parser = {
    kind: `duration of at least ${shortestLeaseS}s`,
    example: '10s',
    parse: (text: string): number | null => {
      const seconds = parse(text);
      return seconds !== null && seconds >= shortestLeaseS ? seconds : null;
    },
  };
  return Type.Unsafe<number>(
    Type.String({
      parser,
      default: '10s',
      description:
        'For so long a process that died still has the session: its standby, or its own next start, waits for that. The same for all that share the session.',
    }),
  );
};

const settings = Type.Object(telegramSettings);
type TelegramSettings = Static<typeof settings>;

/** A setting cannot be used, though it is well-formed. In the shape of @heavy/service's error for what is not. */
export class TelegramSettingsInvalid extends Error {
  override readonly name = 'ConfigInvalid';
  readonly faults: readonly { name: string; message: string }[];

  constructor(name: keyof TelegramSettings, message: string, options?: ErrorOptions) {
    super(`${name}: ${message}`, options);
    this.faults = [{ name, message }];
  }
}

/**
 * The data centre that the settings name, if they name one.
 * @throws {Error} in the shape of ConfigInvalid, where its key is missing.
 */
export const endpointFromSettings = ({
  TELEGRAM_ENDPOINT: address,
  TELEGRAM_ENDPOINT_KEY: publicKeyPem,
}: Pick<TelegramSettings, keyof typeof endpointSettings>): Pick<AccountOptions, 'endpoint'> => {
  if (address === undefined) return {};
  if (publicKeyPem === undefined)
    throw new TelegramSettingsInvalid('TELEGRAM_ENDPOINT_KEY', 'is not set, and TELEGRAM_ENDPOINT is');
  const at = address.lastIndexOf(':');
  return { endpoint: { host: address.slice(0, at), port: Number(address.slice(at + 1)), publicKeyPem } };
};

/**
 * The plain session string that the settings hold, opened where it is sealed.
 * @throws {Error} in the shape of ConfigInvalid, with the variable at fault.
 */
export const sessionFromSettings = ({
  TELEGRAM_SESSION: text,
  HEAVY_SESSION_KEY: key,
}: Pick<TelegramSettings, 'TELEGRAM_SESSION' | 'HEAVY_SESSION_KEY'>): string => {
  try {
    const keys = key === undefined ? [] : [parseSessionKey(key)];
    const session = isSealed(text.trim()) ? openSession(text, keys) : text.trim();
    sessionFingerprint(session);
    return session;
  } catch (cause) {
    if (!(cause instanceof SessionUnreadable)) throw cause;
    const name = cause.fault === 'key' ? 'HEAVY_SESSION_KEY' : 'TELEGRAM_SESSION';
    throw new TelegramSettingsInvalid(name, cause.message, { cause });
  }
};

/**
 * The account that the settings name: connected under the lease, it asks nothing of Telegram once that is lost. What is needed to address its chats is kept in Redis, so that a chat which one
 * session has seen can be written to by another.
 */
export const accountFromSettings = (
  config: TelegramSettings,
  {
    redis,
    lease,
    ...options
  }: { log: Logger; redis: Redis; lease: Pick<SessionLease, 'check' | 'silenceMs'> } & Pick<
    AccountOptions,
    'updates'
  >,
): TelegramAccount =>
  createAccount({
    ...options,
    silenceMs: lease.silenceMs,
    fence: () => lease.check(),
    session: sessionFromSettings(config),
    apiId: config.TELEGRAM_API_ID,
    apiHash: config.TELEGRAM_API_HASH,
    ...endpointFromSettings(config),
    // The key is `redisKeys.peers` of the contracts.
    peers: (accountId) => redisPeerStore(redis, `telegram:peers:${accountId}`),
  });
