import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

/** Settings of `npm start` are missing; the message names each with what it is for. */
export class SettingsMissing extends Error {
  override readonly name = 'SettingsMissing';
}

const required: Readonly<Record<string, string>> = {
  TELEGRAM_API_ID: 'api_id of your application, from my.telegram.org',
  TELEGRAM_API_HASH: 'api_hash of your application, from my.telegram.org',
  GATEWAY_TELEGRAM_SESSION: 'session string of the account, for reading',
  SENDER_TELEGRAM_SESSION:
    'another session string of the same account, for writing: one used twice is revoked',
};

/** What `npm start` is told by its surroundings. */
export interface StartSettings {
  readonly apiId: string;
  readonly apiHash: string;
  readonly gatewaySession: string;
  readonly senderSession: string;
  /** Everything that was set, for what is optional. */
  readonly all: Readonly<Record<string, string>>;
}

const readEnvFile = (file: string): Record<string, string | undefined> => {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
};

/**
 * Reads the `.env` file; variables of the environment win over its lines. Of `<NAME>_FILE` the content of the file is taken,
 * its path seen from `folder`.
 * @throws {SettingsMissing} with all that are missing at once.
 */
export const readStartSettings = (
  folder: string,
  environment: Readonly<Record<string, string>>,
): StartSettings => {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...readEnvFile(resolve(folder, '.env')), ...environment }))
    if (value) all[name] = value;
  const value = (name: string): string | undefined => {
    const file = all[`${name}_FILE`];
    return all[name] ?? (file === undefined ? undefined : readFileSync(resolve(folder, file), 'utf8').trim());
  };
  const missing = Object.entries(required).filter(([name]) => !value(name));
  if (missing.length > 0) {
    const lines = missing.map(([name, purpose]) => `  ${name}: ${purpose}`);
    throw new SettingsMissing(
      `Missing in .env, or in the environment (each also as <NAME>_FILE, the path of a file):\n${lines.join('\n')}`,
    );
  }
  return {
    apiId: value('TELEGRAM_API_ID') ?? '',
    apiHash: value('TELEGRAM_API_HASH') ?? '',
    gatewaySession: value('GATEWAY_TELEGRAM_SESSION') ?? '',
    senderSession: value('SENDER_TELEGRAM_SESSION') ?? '',
    all,
  };
};
