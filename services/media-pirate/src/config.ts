import { downloadSettings } from '@heavy/downloads';
import { type Static, Type } from 'typebox';

/** Settings of media-pirate; property names are the environment variables. */
export const mediaPirateConfig = Type.Object({
  ...downloadSettings,
  WORK_DIR: Type.String({ default: '.heavy/work', description: 'Folder of the downloads in progress.' }),
  DOWNLOADS_AT_ONCE: Type.Integer({
    minimum: 1,
    default: 3,
    description: 'Downloads that this replica runs at the same time.',
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
  DOWNLOAD_TIMEOUT_MS: Type.Integer({
    minimum: 1000,
    default: 20 * 60_000,
    description: 'Wall-clock limit of one download, in milliseconds.',
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
});
export type MediaPirateConfig = Static<typeof mediaPirateConfig>;
