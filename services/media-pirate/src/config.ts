import { type DownloaderOptions, mediaStoreSettings } from '@heavy/media';
import type { Logger } from '@heavy/service';
import { type Static, Type } from 'typebox';

/** Settings of media-pirate; property names are the environment variables. */
export const mediaPirateConfig = Type.Object({
  ...mediaStoreSettings,
  YTDLP_PATH: Type.String({ default: 'yt-dlp', description: 'The yt-dlp to run.' }),
  FFMPEG_PATH: Type.String({ default: 'ffmpeg', description: 'The ffmpeg to run.' }),
  FFPROBE_PATH: Type.String({ default: 'ffprobe', description: 'The ffprobe to run.' }),
  WORK_DIR: Type.String({ default: '.heavy/work', description: 'Folder of the downloads in progress.' }),
  DOWNLOADS_AT_ONCE: Type.Integer({
    minimum: 1,
    default: 3,
    description: 'Downloads that run at the same time.',
  }),
  MAX_BYTES: Type.Integer({ minimum: 1, default: 2_000_000_000, description: 'Largest download, in bytes.' }),
  MAX_DURATION_S: Type.Integer({ minimum: 1, default: 4 * 3600, description: 'Longest media, in seconds.' }),
  DOWNLOAD_TIMEOUT_MS: Type.Integer({
    minimum: 1000,
    default: 20 * 60_000,
    description:
      'Wall-clock limit of one download, in milliseconds; below the broker’s acknowledgement timeout.',
  }),
  SOCKET_TIMEOUT_S: Type.Integer({
    minimum: 1,
    default: 20,
    description: 'How long a silent source is waited for.',
  }),
  PROGRESS_INTERVAL_MS: Type.Integer({
    minimum: 100,
    default: 3000,
    description: 'Least time between two reports.',
  }),
  LEFTOVERS_KEPT_MS: Type.Integer({
    minimum: 0,
    default: 24 * 3_600_000,
    description:
      'Folders of downloads that nobody came back to are removed after that time, in milliseconds.',
  }),
});

/** The downloader's options as the settings have them. */
export const downloaderOptions = (
  config: Static<typeof mediaPirateConfig>,
  log: Logger,
): DownloaderOptions => ({
  ytDlpPath: config.YTDLP_PATH,
  ffmpegPath: config.FFMPEG_PATH,
  ffprobePath: config.FFPROBE_PATH,
  workDir: config.WORK_DIR,
  log,
  limits: {
    maxBytes: config.MAX_BYTES,
    maxDurationS: config.MAX_DURATION_S,
    wallClockMs: config.DOWNLOAD_TIMEOUT_MS,
    socketTimeoutS: config.SOCKET_TIMEOUT_S,
  },
});
