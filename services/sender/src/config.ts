import { mediaStoreSettings } from '@heavy/media';
import { telegramSettings } from '@heavy/telegram';
import { Type } from 'typebox';

/** Settings of the sender; property names are the environment variables. */
export const senderConfig = Type.Object({
  ...telegramSettings,
  ...mediaStoreSettings,
  STATUS_INTERVAL_MS: Type.Integer({
    minimum: 100,
    default: 3000,
    description: 'Least time between two edits of one status message, in milliseconds.',
  }),
  MAX_IN_FLIGHT: Type.Integer({
    minimum: 1,
    default: 64,
    description: 'Commands carried out at the same time.',
  }),
});
