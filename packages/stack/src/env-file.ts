import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** Settings of `npm start` are missing; the message names each with what it is for. */
export class SettingsMissing extends Error {
  override readonly name = 'SettingsMissing';
}

const required: Readonly<Record<string, string>> = {
  TELEGRAM_API_ID: 'api_id of your application, from my.telegram.org',
  TELEGRAM_API_HASH: 'api_hash of your application, from my.telegram.org',
  GATEWAY_TELEGRAM_SESSION: 'session of the account, for reading: npm run login makes it',
  SENDER_TELEGRAM_SESSION: 'another session of the same account, for writing: npm run login makes it',
};

/** Where `npm run login` puts the sessions, seen from the folder. */
const sessionFiles: Readonly<Record<string, string>> = {
  GATEWAY_TELEGRAM_SESSION: join('.heavy', 'sessions', 'gateway.session'),
  SENDER_TELEGRAM_SESSION: join('.heavy', 'sessions', 'sender.session'),
};

/** What `npm start` is told by its surroundings. */
export interface StartSettings {
  readonly apiId: string;
  readonly apiHash: string;
  /** Each sealed or plain. */
  readonly gatewaySession: string;
  readonly senderSession: string;
  /** What opens sealed ones. */
  readonly sessionKey: string | undefined;
  /** Everything that was set, for what is optional; paths of `<NAME>_FILE` are absolute. */
  readonly all: Readonly<Record<string, string>>;
}

/** Undefined where there is none. */
const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const contentOf = (name: string, file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const { code = String(cause) } = cause as NodeJS.ErrnoException;
    throw new SettingsMissing(`${name} cannot be read: ${file} (${code})`, { cause });
  }
};

/**
 * Reads the `.env` file; variables of the environment win over its lines. Of `<NAME>_FILE` the content of the file is taken,
 * its path seen from `folder`. Sessions that are not named are those that `npm run login` left in the folder.
 * @throws {SettingsMissing} with all that are missing at once, or with the file that cannot be read.
 */
export const readStartSettings = (
  folder: string,
  environment: Readonly<Record<string, string>>,
): StartSettings => {
  const all: Record<string, string> = {};
  const lines = parseEnv(textOf(resolve(folder, '.env')) ?? '');
  // Services run elsewhere.
  for (const [name, value] of Object.entries({ ...lines, ...environment }))
    if (value) all[name] = name.endsWith('_FILE') ? resolve(folder, value) : value;
  const value = (name: string): string | undefined => {
    if (all[name] !== undefined) return all[name];
    const file = all[`${name}_FILE`];
    if (file !== undefined) return contentOf(`${name}_FILE`, file).trim();
    const made = sessionFiles[name];
    return made === undefined ? undefined : textOf(resolve(folder, made))?.trim();
  };
  const missing = Object.entries(required).filter(([name]) => !value(name));
  if (missing.length > 0) {
    const named = missing.map(([name, purpose]) => `  ${name}: ${purpose}`);
    throw new SettingsMissing(
      `Missing in .env, or in the environment (each also as <NAME>_FILE, the path of a file):\n${named.join('\n')}`,
    );
  }
  return {
    apiId: value('TELEGRAM_API_ID') ?? '',
    apiHash: value('TELEGRAM_API_HASH') ?? '',
    gatewaySession: value('GATEWAY_TELEGRAM_SESSION') ?? '',
    senderSession: value('SENDER_TELEGRAM_SESSION') ?? '',
    sessionKey: value('HEAVY_SESSION_KEY'),
    all,
  };
};
