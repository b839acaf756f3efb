import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { mediaStoreSettings } from '@heavy/media';
import { commonConfig, loadConfig, secret } from '@heavy/service';
import { findRunning, rootDir } from '@heavy/stack';
import { endpointSettings, sessionKeySetting, telegramSettings } from '@heavy/telegram';
import { type Static, Type } from 'typebox';
import { Failed } from './command.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const redis = Type.Object({ REDIS_URL: commonConfig.properties.REDIS_URL });
const system = Type.Object({ ...redis.properties, ...mediaStoreSettings });
/** Where media are kept, and what is known about them. */
export type SystemSettings = Static<typeof system>;

const settingsOf = <S extends typeof redis | typeof system>(
  schema: S,
  needed: string,
  folder: string | undefined,
  env: Environment,
): Static<S> => {
  const named = Object.keys(schema.properties).some((name) => env[name] || env[`${name}_FILE`]);
  if (folder === undefined && named) return loadConfig(schema, env);
  const home = resolve(folder ?? rootDir);
  const running = ['data', 'demo'].map((name) => findRunning(join(home, '.heavy', name))).find(Boolean);
  if (running) return loadConfig(schema, running.env);
  throw new Failed(
    `Nothing runs in ${home} (npm start or npm run demo), and the environment does not name ${needed}.`,
  );
};

/**
 * The system that the environment names, or else the one that runs in `folder` (the repository by default): `npm start` or
 * the demo.
 * @throws {Failed} where nothing runs; {ConfigInvalid} where the environment names half of it.
 */
export const systemSettings = (folder?: string, env: Environment = process.env): SystemSettings =>
  settingsOf(system, 'MEDIA_STORE and REDIS_URL', folder, env);

/** The same for what needs no media store. */
export const redisUrl = (folder?: string, env: Environment = process.env): string =>
  settingsOf(redis, 'REDIS_URL', folder, env).REDIS_URL;

const envFile = (folder: string): Environment => {
  try {
    return parseEnv(readFileSync(join(folder, '.env'), 'utf8'));
  } catch {
    // It need not be there: what it would say is optional here.
    return {};
  }
};

/** What concerns yt-dlp. */
export interface YtDlpSettings {
  /** A yt-dlp of the operator's own, which services are given by YTDLP_PATH. */
  ownProgram: string | undefined;
  /** The list of YTDLP_CANARY_FILE: of the environment, else of the `.env` that `npm start` reads. */
  canaryFile: string | undefined;
}

export const ytDlpSettings = (env: Environment = process.env): YtDlpSettings => ({
  ownProgram: env['YTDLP_PATH'] || undefined,
  canaryFile: env['YTDLP_CANARY_FILE'] || envFile(rootDir)['YTDLP_CANARY_FILE'] || undefined,
});

const account = Type.Object({
  TELEGRAM_API_ID: Type.Optional(telegramSettings.TELEGRAM_API_ID),
  TELEGRAM_API_HASH: Type.Optional(telegramSettings.TELEGRAM_API_HASH),
  ...endpointSettings,
  HEAVY_SESSION_KEY: sessionKeySetting,
  HEAVY_SESSION_KEY_NEW: sessionKeySetting,
  TELEGRAM_BOT_TOKEN: Type.Optional(
    secret({ description: 'Token of a bot, from @BotFather: for npm run login -- --bot-token.' }),
  ),
});
/** What concerns the account and its sessions. */
export type AccountSettings = Static<typeof account>;

/**
 * The account's settings as `npm start` reads them: of the environment, else of the `.env` in `home`; files of `<NAME>_FILE`
 * are seen from there.
 * @throws {ConfigInvalid}
 */
export const accountSettings = (home: string, env: Environment = process.env): AccountSettings => {
  const lines = envFile(home);
  const given: Record<string, string | undefined> = {};
  for (const name of Object.keys(account.properties)) {
    const file = `${name}_FILE`;
    const source = env[name] || env[file] ? env : lines;
    given[name] = source[name];
    given[file] = source[file] && resolve(home, source[file]);
  }
  return loadConfig(account, given);
};

/** Whether `npm start` is told of that session elsewhere than in the files of a log-in. */
export const namesSession = (home: string, service: string, env: Environment = process.env): boolean => {
  const name = `${service.toUpperCase()}_TELEGRAM_SESSION`;
  return [env, envFile(home)].some((source) => Boolean(source[name] || source[`${name}_FILE`]));
};
