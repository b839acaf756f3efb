import { type DownloaderOptions, mediaStoreSettings } from '@heavy/media';
import { type Logger, secret } from '@heavy/service';
import { type Static, Type } from 'typebox';

/** Settings of media-pirate; property names are the environment variables. */
export const mediaPirateConfig = Type.Object({
  ...mediaStoreSettings,
  YTDLP_PATH: Type.String({ default: 'yt-dlp', description: 'The yt-dlp to run.' }),
  FFMPEG_PATH: Type.String({ default: 'ffmpeg', description: 'The ffmpeg to run.' }),
  FFPROBE_PATH: Type.String({ default: 'ffprobe', description: 'The ffprobe to run.' }),
  YTDLP_COOKIES_FILE: Type.Optional(
    Type.String({
      description: 'Cookies for all sites, in Netscape format. Each download gets a copy of the file.',
    }),
  ),
  SITE_PROFILES_FILE: Type.Optional(
    Type.String({ description: 'Options of yt-dlp per host, as JSON: docs/operations.md has an example.' }),
  ),
  WORK_DIR: Type.String({ default: '.heavy/work', description: 'Folder of the downloads in progress.' }),
  DOWNLOADS_AT_ONCE: Type.Integer({
    minimum: 1,
    default: 3,
    description: 'Downloads that this replica runs at the same time.',
  }),
  DOWNLOADS_PER_HOST: Type.Integer({
    minimum: 1,
    default: 4,
    description: 'Downloads from one host at the same time, over all replicas.',
  }),
  SMALL_MAX_BYTES: Type.Integer({
    minimum: 1,
    default: 2_000_000_000,
    description:
      'Largest download that is done here, in bytes; larger ones are handed on as large downloads.',
  }),
  SMALL_MAX_DURATION_S: Type.Integer({
    minimum: 1,
    default: 4 * 3600,
    description: 'Longest media that are downloaded here, in seconds; longer ones are handed on.',
  }),
  MAX_BYTES: Type.Integer({
    minimum: 1,
    default: 4_000_000_000,
    description: 'Largest download at all, in bytes.',
  }),
  MAX_DURATION_S: Type.Integer({
    minimum: 1,
    default: 12 * 3600,
    description: 'Longest media at all, in seconds.',
  }),
  DOWNLOAD_TIMEOUT_MS: Type.Integer({
    minimum: 1000,
    default: 20 * 60_000,
    description: 'Wall-clock limit of one download, in milliseconds.',
  }),
  SOCKET_TIMEOUT_S: Type.Integer({
    minimum: 1,
    default: 20,
    description: 'How long a silent source is waited for.',
  }),
  LEASE_MS: Type.Integer({
    minimum: 300,
    default: 15_000,
    description:
      'After that time without a sign of life, in milliseconds, another replica takes a download over.',
  }),
  PROGRESS_INTERVAL_MS: Type.Integer({
    minimum: 100,
    default: 3000,
    description: 'Least time between two reports.',
  }),
  DISK_FLOOR_BYTES: Type.Integer({
    minimum: 0,
    default: 1_000_000_000,
    description: 'With less free space under WORK_DIR, in bytes, no download begins.',
  }),
  LEFTOVERS_KEPT_MS: Type.Integer({
    minimum: 0,
    default: 24 * 3_600_000,
    description:
      'Folders of downloads that nobody came back to are removed after that time, in milliseconds.',
  }),
  KEEP_DAYS: Type.Number({
    minimum: 0,
    default: 30,
    description: 'Stored media that nobody asked for during so many days are deleted; 0 keeps them.',
  }),
  KEEP_BYTES: Type.Integer({
    minimum: 0,
    default: 0,
    description: 'Most bytes of stored media; the least recently asked for go first. 0 sets no limit.',
  }),
  EGRESS_ALLOW_HOSTS: Type.Array(Type.String({ pattern: '^.+:\\d{1,5}$' }), {
    default: [],
    description:
      'Destinations, `host:port` each, that downloads may reach although they are not public. For trying things out.',
  }),
  DOWNLOAD_PROXY_URL: Type.Optional(
    secret({
      pattern: '^https?://.',
      description: 'An HTTP proxy that all downloads go out through, after our own filter.',
    }),
  ),
});
export type MediaPirateConfig = Static<typeof mediaPirateConfig>;

/** The downloader's options as the settings have them. */
export const downloaderOptions = (
  config: MediaPirateConfig,
  log: Logger,
): Omit<DownloaderOptions, 'egress' | 'profiles'> => ({
  ytDlpPath: config.YTDLP_PATH,
  ffmpegPath: config.FFMPEG_PATH,
  ffprobePath: config.FFPROBE_PATH,
  workDir: config.WORK_DIR,
  log,
  ...(config.YTDLP_COOKIES_FILE === undefined ? {} : { cookiesFile: config.YTDLP_COOKIES_FILE }),
  limits: {
    maxBytes: config.SMALL_MAX_BYTES,
    maxDurationS: config.SMALL_MAX_DURATION_S,
    wallClockMs: config.DOWNLOAD_TIMEOUT_MS,
    socketTimeoutS: config.SOCKET_TIMEOUT_S,
  },
});
