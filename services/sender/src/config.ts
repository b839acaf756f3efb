import { parseDuration } from '@heavy/access';
import { mediaStoreSettings } from '@heavy/media';
import { ConfigInvalid, parsed } from '@heavy/service';
import { sessionLeaseSetting, telegramSettings } from '@heavy/telegram';
import { type Static, Type } from 'typebox';
import { broadcastSettings } from './bots/broadcasts/settings.ts';
import { botsSettings } from './bots/settings.ts';
import { botsApiSettings } from './http/settings.ts';

/** What sending for the account takes; without a session the sender serves bots alone. */
const accountSettings = { ...telegramSettings, MEDIA_STORE: mediaStoreSettings.MEDIA_STORE };
const required = Type.Object(accountSettings);

/** Settings of the sender; property names are the environment variables. */
export const senderConfig = Type.Object({
  ...Type.Partial(required).properties,
  ...{ ...mediaStoreSettings, MEDIA_STORE: Type.Optional(mediaStoreSettings.MEDIA_STORE) },
  ...botsSettings,
  ...broadcastSettings,
  ...botsApiSettings,
  SESSION_LEASE: sessionLeaseSetting(parseDuration),
  STATUS_INTERVAL_MS: Type.Integer({
    minimum: 100,
    default: 3000,
    description: 'Least time between two edits of one status message, in milliseconds.',
  }),
  MAX_IN_FLIGHT: Type.Integer({
    minimum: 1,
    default: 64,
    description:
      'Calls to Telegram at the same time. What waits, for its pace or because Telegram wants it to, is not among them.',
  }),
  PACE: Type.Number({
    minimum: 0,
    default: 5,
    description:
      'Calls per second of each kind (texts, media, edits, deletions, reactions), over all chats; what twenty quiet seconds have saved up may go at once. Telegram publishes no limits for user accounts: this is a start, halved by each wait that Telegram imposes, and regained within minutes. 0: no pace, waits are kept all the same.',
  }),
  PACE_PER_CHAT: Type.Number({
    minimum: 0,
    default: 1,
    description: 'The same within one chat.',
  }),
  PEER_FLOOD_PAUSE: parsed(
    { parse: parseDuration, kind: 'duration', example: '24h or 2d' },
    {
      default: '24h',
      description:
        'For so long after Telegram has restricted the account for writing to strangers nothing is sent to people who are no contacts, but for answers.',
    },
  ),
  FFMPEG_PATH: Type.String({
    default: 'ffmpeg',
    description: 'The ffmpeg that splits videos which are too large for one message.',
  }),
  FFPROBE_PATH: Type.String({ default: 'ffprobe', description: 'The ffprobe that goes with it.' }),
  PARTS_DIR: Type.String({
    default: '.heavy/parts',
    description:
      'Folder in which videos are split. It holds one part of up to 2 GB (4 GB with premium) and, unless the media store is a folder, the whole video.',
  }),
  UPLOADS_AT_ONCE: Type.Integer({
    minimum: 1,
    default: 3,
    description: 'Files that go up to Telegram at the same time; each keeps a few parts of 512 KB in memory.',
  }),
  PREFETCH: Type.Integer({
    minimum: 1,
    maximum: 65_535,
    default: 4096,
    description:
      'Messages taken from the queue and not settled yet. Whoever waits for an upload holds one: with as many of them, all else waits too.',
  }),
});

type SenderSettings = Static<typeof senderConfig>;
type AccountSettings = Static<typeof required>;

/** The settings of a sender that has an account. */
export type AccountConfig = SenderSettings & AccountSettings;

const needed = ['TELEGRAM_SESSION', 'TELEGRAM_API_ID', 'TELEGRAM_API_HASH', 'MEDIA_STORE'] as const;

/**
 * Whether the sender sends for an account.
 * @throws {ConfigInvalid} where an account is configured in part, or neither an account nor bots are, or the HTTP API without bots.
 */
export const hasAccount = <C extends SenderSettings>(config: C): config is C & AccountSettings => {
  if (config.BOTS_API_KEY !== undefined && !config.BOTS)
    throw new ConfigInvalid([
      { name: 'BOTS', message: 'is off, and BOTS_API_KEY is set: set BOTS=on, or leave BOTS_API_KEY out' },
    ]);
  if (config.TELEGRAM_SESSION === undefined && config.BOTS) return false;
  const missing = needed.filter((name) => config[name] === undefined);
  const why = config.BOTS ? 'is not set, and TELEGRAM_SESSION is' : 'is not set, and BOTS is off';
  if (missing.length > 0) throw new ConfigInvalid(missing.map((name) => ({ name, message: why })));
  return true;
};
