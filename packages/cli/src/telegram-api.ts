import { type AccountOptions, endpointFromSettings, TelegramSettingsInvalid } from '@heavy/telegram';
import { Failed, type Terminal } from './command.ts';
import type { AccountSettings } from './config.ts';

/** Where Telegram is, and what it knows the application by. */
export type TelegramApi = Pick<AccountOptions, 'apiId' | 'apiHash' | 'endpoint'>;

const apiIdOf = (text: string): number => {
  const apiId = Number(text.trim());
  if (!Number.isSafeInteger(apiId) || apiId < 1)
    throw new Failed('api_id is a number: my.telegram.org shows it under API development tools.');
  return apiId;
};

const endpointOf = (settings: AccountSettings): Pick<TelegramApi, 'endpoint'> => {
  try {
    return endpointFromSettings(settings);
  } catch (cause) {
    if (!(cause instanceof TelegramSettingsInvalid)) throw cause;
    throw new Failed(cause.message, { cause });
  }
};

/**
 * As the settings have it; what is missing of the application is asked for.
 * @throws {Failed} where there is nobody to ask.
 */
export const telegramApi = async (
  settings: AccountSettings,
  { read, err }: Terminal,
): Promise<TelegramApi> => {
  const endpoint = endpointOf(settings);
  const { TELEGRAM_API_ID, TELEGRAM_API_HASH } = settings;
  if (TELEGRAM_API_ID !== undefined && TELEGRAM_API_HASH !== undefined)
    return { apiId: TELEGRAM_API_ID, apiHash: TELEGRAM_API_HASH, ...endpoint };
  if (!read)
    throw new Failed('TELEGRAM_API_ID and TELEGRAM_API_HASH are needed: my.telegram.org shows both.');
  err(
    'TELEGRAM_API_ID and TELEGRAM_API_HASH are not both set: my.telegram.org shows them. npm start needs them too.',
  );
  const apiId = TELEGRAM_API_ID ?? apiIdOf(await read('api_id: '));
  const apiHash = TELEGRAM_API_HASH ?? (await read('api_hash (not shown): ', { hidden: true })).trim();
  if (!/^\w{8,}$/.test(apiHash)) throw new Failed('That is no api_hash: my.telegram.org shows it.');
  return { apiId, apiHash, ...endpoint };
};
