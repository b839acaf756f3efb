import { mediaStoreSettings } from '@heavy/media';
import { Type } from 'typebox';

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
});
