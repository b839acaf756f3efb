import { Api } from 'telegram';
import { Refused } from '../errors.ts';
import type { Call } from './connections.ts';

/** Where Telegram does not say (https://core.telegram.org/api/files#uploading-files). */
const usualParts = { default: 4000, premium: 8000 };
/** For so long its configuration is taken to be as it was. */
const goodForMs = 3_600_000;

const numberIn = (config: Api.TypeJSONValue, name: string): number | undefined => {
  if (!(config instanceof Api.JsonObject)) return undefined;
  const value = config.value.find(({ key }) => key === name)?.value;
  return value instanceof Api.JsonNumber && Number.isSafeInteger(value.value) && value.value > 0
    ? value.value
    : undefined;
};

/**
 * How many parts a file of the account may have: Telegram's `upload_max_fileparts_…`
 * (https://core.telegram.org/api/config#client-configuration), asked for when it is first wanted and again each hour.
 */
export const createUploadLimit = (call: Call, isPremium: () => boolean): (() => Promise<number>) => {
  let asked: Promise<Api.help.TypeAppConfig | undefined> | undefined;
  let askedAt = 0;

  const ask = () => {
    askedAt = performance.now();
    return call(new Api.help.GetAppConfig({ hash: 0 })).catch((error: unknown) => {
      if (error instanceof Refused) return undefined;
      // Not an answer: whoever asks next asks again.
      asked = undefined;
      throw error;
    });
  };

  return async () => {
    if (performance.now() - askedAt > goodForMs) asked = undefined;
    asked ??= ask();
    const answer = await asked;
    const whose = isPremium() ? 'premium' : 'default';
    const told =
      answer instanceof Api.help.AppConfig
        ? numberIn(answer.config, `upload_max_fileparts_${whose}`)
        : undefined;
    return told ?? usualParts[whose];
  };
};
