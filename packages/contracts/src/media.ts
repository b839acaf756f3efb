import { type Static, Type } from 'typebox';
import { contract } from './envelope.ts';
import {
  failureSchema,
  mediaKindSchema,
  mediaSchema,
  objectSchema,
  originSchema,
  strict,
} from './telegram.ts';

/** sha256 of kind and canonical URL, in hexadecimal. */
const contentHash = Type.String({ pattern: '^[0-9a-f]{64}$' });

const request = strict({
  /** As the person gave it. */
  url: Type.String({ pattern: '^https?://', maxLength: 4096 }),
  kind: mediaKindSchema,
});

const downloadSchema = strict({ request, origin: originSchema, contentHash });
export type DownloadRequest = Static<typeof downloadSchema>;

export const videoDownload = contract('commands.media.video_download', 1, downloadSchema);
export const audioDownload = contract('commands.media.audio_download', 1, downloadSchema);

export const phases = ['queued', 'downloading', 'converting', 'storing'] as const;
export type Phase = (typeof phases)[number];

/** Where a download stands. Transient: the next one replaces it, and none follows the ready or failed event. */
export const downloadProgress = contract(
  'events.dl.progress',
  1,
  strict({
    origin: originSchema,
    phase: Type.Enum([...phases]),
    bytes: Type.Optional(Type.Integer({ minimum: 0 })),
    totalBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    bytesPerSecond: Type.Optional(Type.Number({ minimum: 0 })),
    etaS: Type.Optional(Type.Number({ minimum: 0 })),
  }),
  { mandatory: false },
);

const readySchema = strict({ origin: originSchema, object: objectSchema, media: mediaSchema });
export type Ready = Static<typeof readySchema>;
export const videoReady = contract('events.dl.video.ready', 1, readySchema);
export const audioReady = contract('events.dl.audio.ready', 1, readySchema);

const failedSchema = strict({ origin: originSchema, failure: failureSchema });
export type Failed = Static<typeof failedSchema>;
export const videoFailed = contract('events.dl.video.failed', 1, failedSchema);
export const audioFailed = contract('events.dl.audio.failed', 1, failedSchema);
