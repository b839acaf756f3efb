import { type Static, Type } from 'typebox';
import { contract } from './envelope.ts';
import { failureCodes } from './failures.ts';
import {
  failureSchema,
  mediaKindSchema,
  mediaSchema,
  objectSchema,
  originSchema,
  strict,
} from './telegram.ts';

/** sha256 of kind, canonical URL and what else was asked for, in hexadecimal. */
const contentHash = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** What may be asked of a video: no larger than that, or the best there is. Without it: up to 1080p. */
export const qualities = ['best', '2160p', '1440p', '1080p', '720p', '480p', '360p', '240p', '144p'] as const;
export type Quality = (typeof qualities)[number];

/** What a sound may be asked for as. Without it: mp3. */
export const audioFormats = ['mp3', 'm4a', 'opus'] as const;
export type AudioFormat = (typeof audioFormats)[number];

export const requestSchema = strict({
  /** As the person gave it. */
  url: Type.String({ pattern: '^https?://', maxLength: 4096 }),
  kind: mediaKindSchema,
  /** Of a video. */
  quality: Type.Optional(Type.Enum([...qualities])),
  /** Of a sound. */
  format: Type.Optional(Type.Enum([...audioFormats])),
  /** Which entry of a playlist, from 1. */
  item: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
});
export type MediaRequest = Static<typeof requestSchema>;

const downloadSchema = strict({ request: requestSchema, origin: originSchema, contentHash });
export type DownloadRequest = Static<typeof downloadSchema>;

export const videoDownload = contract('commands.media.video_download', 1, downloadSchema);
export const audioDownload = contract('commands.media.audio_download', 1, downloadSchema);

/** What is known of the media without having them. */
const probeSchema = strict({
  title: Type.Optional(Type.String({ maxLength: 1024 })),
  sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
  durationS: Type.Optional(Type.Number({ minimum: 0 })),
});
export type MediaProbe = Static<typeof probeSchema>;

/**
 * Hands a download on that is too large for media-pirate, or that failed for a reason that may pass. Those who wait for it
 * stay in the ledger under its content hash.
 */
export const largeDownload = contract(
  'commands.media.large_download',
  1,
  strict({
    request: requestSchema,
    /** Of whoever asked first. */
    origin: originSchema,
    contentHash,
    reason: Type.Enum(failureCodes),
    probe: probeSchema,
  }),
);

/** `waiting` is between two attempts. */
export const phases = ['queued', 'probing', 'downloading', 'converting', 'storing', 'waiting'] as const;
export type Phase = (typeof phases)[number];

/** Where a download stands. Transient: the next one replaces it, and none follows the ready or failed event. */
export const downloadProgress = contract(
  'events.dl.progress',
  1,
  strict({
    origin: originSchema,
    phase: Type.Enum([...phases]),
    /** Of a queued one: how many are served no later than it, itself included. */
    position: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Why a queued one is not served though it is its turn: no space. What a waiting one needs: another yt-dlp. */
    waitingFor: Type.Optional(Type.Enum(['disk', 'update'])),
    /** Of a waiting one: seconds to its next attempt. */
    retryInS: Type.Optional(Type.Number({ minimum: 0 })),
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
