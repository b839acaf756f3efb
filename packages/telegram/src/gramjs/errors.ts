import {
  FloodTestPhoneWaitError,
  FloodWaitError,
  RPCError,
  SlowModeWaitError,
} from 'telegram/errors/index.js';
import {
  AuthLost,
  FilePartMissing,
  FileReferenceExpired,
  FloodWait,
  PeerFlood,
  Refused,
  SlowMode,
  TelegramError,
  TelegramUnavailable,
} from '../errors.ts';

/**
 * Our error for one of the library's, by its class or by Telegram's numeric and symbolic codes
 * (https://core.telegram.org/api/errors).
 */
export const toTelegramError = (error: unknown, method: string): TelegramError => {
  if (error instanceof TelegramError) return error;
  const options = { cause: error };
  if (error instanceof FloodWaitError || error instanceof FloodTestPhoneWaitError)
    return new FloodWait(error.seconds, method, options);
  if (error instanceof SlowModeWaitError) return new SlowMode(error.seconds, method, options);
  if (!(error instanceof RPCError)) return new TelegramError('CLIENT_FAULT', method, options);

  const code = error.errorMessage;
  const status = Math.abs(error.code ?? 0);
  if (status === 401 || code === 'AUTH_KEY_DUPLICATED') return new AuthLost(code, method, options);
  if (code === 'PEER_FLOOD') return new PeerFlood(code, method, options);
  if (code.startsWith('FILE_REFERENCE_')) return new FileReferenceExpired(code, method, options);
  const missingPart = /^FILE_PART_(\d+)_MISSING$/.exec(code)?.[1];
  if (missingPart !== undefined) return new FilePartMissing(Number(missingPart), method, options);
  if (status >= 500) return new TelegramUnavailable(code, method, options);
  return new Refused(code, method, options);
};
