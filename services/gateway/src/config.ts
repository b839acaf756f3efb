import { openTo, parseDuration } from '@heavy/access';
import { parsed } from '@heavy/service';
import { sessionLeaseSetting, telegramSettings } from '@heavy/telegram';
import { type Static, Type } from 'typebox';

const duration = (options: { default: string; description: string }) =>
  parsed({ parse: parseDuration, kind: 'duration', example: '90s, 15m or 1h30m' }, options);

/** Settings of the gateway; property names are the environment variables. Durations are in seconds once they are read. */
export const gatewayConfig = Type.Object({
  ...telegramSettings,
  ADMIN_IDS: Type.Array(Type.Integer({ minimum: 1 }), {
    default: [],
    description: 'Telegram user ids of the admins, separated by commas. The account itself always is one.',
  }),
  OPEN_TO: Type.Enum([...openTo], {
    default: 'nobody',
    description:
      'Who may use the commands without being blessed and outside graced chats: nobody; anybody in a private chat with the account; everyone.',
  }),
  COMMAND_MAX_AGE: duration({
    default: '1h',
    description: 'A command that was typed longer ago, while the gateway was away, is not run any more.',
  }),
  SESSION_LEASE: sessionLeaseSetting(parseDuration),
  RATE_LIMIT_WINDOW: duration({
    default: '1m',
    description: 'Commands are counted for so long, from the first one of a person on.',
  }),
  RATE_LIMIT_BLESSED: Type.Integer({
    minimum: 1,
    default: 20,
    description: 'Commands that somebody blessed, or anybody in a graced chat, may use in that window.',
  }),
  RATE_LIMIT_UNMOLESTED: Type.Integer({
    minimum: 1,
    default: 10,
    description: 'Commands that anybody else may use in that window, as far as OPEN_TO lets them.',
  }),
});

/** Who may do what, for the operator who looks at /health. */
export const accessDetail = ({ ADMIN_IDS: ids, OPEN_TO: open }: Static<typeof gatewayConfig>): string => {
  const admins =
    ids.length === 0 ? 'no ADMIN_IDS: only the account itself is an admin' : `${ids.length} admin`;
  return `${admins}${ids.length > 1 ? 's' : ''}, open to ${open}`;
};
