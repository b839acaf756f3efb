import { type DownloaderOptions, type DownloadLimits, mediaStoreSettings } from '@heavy/media';
import { type Logger, secret } from '@heavy/service';
import { type Static, Type } from 'typebox';

/** Environment variables of every service that downloads; property names are the variables. */
export const downloadSettings = {
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
  DOWNLOADS_PER_HOST: Type.Integer({
    minimum: 1,
    default: 4,
    description: 'Downloads from one host at the same time, over all replicas.',
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
    description: 'With less free space where downloads are in progress, in bytes, no download begins.',
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
};

const settings = Type.Object(downloadSettings);
export type DownloadSettings = Static<typeof settings>;

/** What each service sets for itself. */
export interface OwnSettings {
  /** Folder of the downloads in progress. */
  workDir: string;
  limits: Omit<DownloadLimits, 'socketTimeoutS'>;
}

/** The downloader's options as the settings have them. */
export const downloaderOptions = (
  config: DownloadSettings,
  { workDir, limits }: OwnSettings,
  log: Logger,
): Omit<DownloaderOptions, 'egress' | 'profiles'> => ({
  ytDlpPath: config.YTDLP_PATH,
  ffmpegPath: config.FFMPEG_PATH,
  ffprobePath: config.FFPROBE_PATH,
  workDir,
  log,
  ...(config.YTDLP_COOKIES_FILE === undefined ? {} : { cookiesFile: config.YTDLP_COOKIES_FILE }),
  limits: { ...limits, socketTimeoutS: config.SOCKET_TIMEOUT_S },
});
