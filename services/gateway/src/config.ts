import { telegramSettings } from '@heavy/telegram';
import { Type } from 'typebox';

/** Settings of the gateway; property names are the environment variables. */
export const gatewayConfig = Type.Object({
  ...telegramSettings,
  ADMIN_IDS: Type.Array(Type.Integer({ minimum: 1 }), {
    default: [],
    description: 'Telegram user ids of the admins, separated by commas. The account itself always is one.',
  }),
  OPEN_TO: Type.Enum(['admins', 'everyone'], {
    default: 'admins',
    description: 'Who may use commands.',
  }),
});
