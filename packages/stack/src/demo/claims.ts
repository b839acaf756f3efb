import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { WorldMessage } from '@heavy/local-telegram';
import type { Canary } from '../site/canary.ts';
import type { MediaSite } from '../site/media-site.ts';

/** What a claim may look at beside the answer that it is about. */
export interface Scene {
  /** Absolute path. */
  ffprobe: string;
  site: Pick<MediaSite, 'requests'>;
  canary: Pick<Canary, 'hits'>;
  /** The first answer to the message of that step, which counts from 1. */
  answerTo(step: number): WorldMessage | undefined;
}

/** Throws with what is wrong. */
export type Check = (answer: WorldMessage, scene: Scene) => Promise<void> | void;

/** What one command of the conversation must come to. */
export interface Claim {
  claim: string;
  /** Of its one answer; null where the command is refused, and nothing is said. */
  holds: Check | null;
}

const expect = (condition: unknown, what: string): void => {
  if (!condition) throw new Error(what);
};

/** That all of them hold. */
export const all =
  (...checks: Check[]): Check =>
  async (answer, scene) => {
    for (const check of checks) await check(answer, scene);
  };

interface Probe {
  format: { format_name: string; duration: string };
  streams: { codec_type: string; codec_name: string; width?: number; height?: number }[];
}

const probe = async (ffprobe: string, path: string): Promise<Probe> => {
  const args = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', path];
  const { stdout } = await promisify(execFile)(ffprobe, args);
  return JSON.parse(stdout) as Probe;
};

/** Whether an mp4 can be played before it is there as a whole: `moov` stands before `mdat` (ISO/IEC 14496-12). */
const isFaststart = async (path: string): Promise<boolean> => {
  const file = await open(path);
  try {
    const header = Buffer.alloc(8);
    for (let at = 0; ; ) {
      const { bytesRead } = await file.read(header, 0, 8, at);
      const box = header.toString('latin1', 4, 8);
      if (bytesRead < 8 || box === 'mdat') return false;
      if (box === 'moov') return true;
      at += header.readUInt32BE(0);
    }
  } finally {
    await file.close();
  }
};

/** A video that plays in Telegram while it loads, and is what it says. */
export const playableVideo: Check = async ({ media }, { ffprobe }) => {
  if (media?.kind !== 'video') throw new Error('it is no video');
  expect(media.mime === 'video/mp4' && media.streamable, 'it does not stream');
  const { streams, format } = await probe(ffprobe, media.path);
  const codecs = streams.map(({ codec_name: name }) => name).sort();
  expect(codecs.join() === 'aac,h264', `its codecs are ${codecs.join()}`);
  expect(await isFaststart(media.path), 'it cannot be played before it is there as a whole');
  const picture = streams.find(({ codec_type: type }) => type === 'video');
  expect(picture?.width === media.width && picture?.height === media.height, 'its size is not what it says');
  expect(
    Math.abs(Number(format.duration) - (media.durationS ?? 0)) < 1.01,
    'its duration is not what it says',
  );
  const { thumbnail } = media;
  expect(thumbnail && Math.max(thumbnail.width, thumbnail.height) <= 320, 'it has no thumbnail');
};

/** A sound of that type and codec, with its title and duration. */
export const sound =
  (mime: string, codec: string): Check =>
  async ({ media }, { ffprobe }) => {
    if (media?.kind !== 'audio') throw new Error('it is no audio');
    expect(media.mime === mime, `its type is ${media.mime}`);
    expect(media.title && media.durationS, 'it lacks its title or duration');
    const codecs = (await probe(ffprobe, media.path)).streams.map(({ codec_name: name }) => name);
    expect(codecs.join() === codec, `its codecs are ${codecs.join()}`);
  };

/** A sentence with an id, and no media. */
export const sentence =
  (words: RegExp): Check =>
  ({ media, text }) => {
    expect(!media && words.test(text), `it reads: ${text}`);
    expect(/\(id [0-9a-f]{8}\)$/u.test(text), 'it names no id');
  };

/** A plain text that has all of these in it. */
export const says =
  (...words: RegExp[]): Check =>
  ({ media, text }) => {
    for (const word of words) expect(!media && word.test(text), `it reads: ${text}`);
  };

/** A video whose caption has all the parts. */
export const captioned = (...parts: string[]): Check =>
  all(playableVideo, ({ text }) => {
    for (const part of parts) expect(text.includes(part), `its caption lacks ${part}`);
  });

export const sizedAs =
  (width: number, height: number): Check =>
  ({ media }) =>
    expect(
      media?.width === width && media.height === height,
      `it has ${media?.width}×${media?.height} pixels`,
    );

export const inItsTopic: Check = ({ topic, replyTo }) =>
  expect(topic && topic === replyTo?.topic, 'it is not in the topic that asked');

/** The responses that the site began to send of an address, whatever its query. */
const responses = ({ site }: Scene, path: string) =>
  site.requests.filter((request) => request.path === path && request.method === 'GET');

/** The site was looked at, and then downloaded from: a second download would make it more. */
export const downloadedOnce =
  (path: string): Check =>
  (_, scene) => {
    const { length } = responses(scene, path);
    expect(length === 2, `the site was asked ${length} times, and not for a look and a download`);
  };

/** Both messages show one file of Telegram's. */
export const sameFileAs =
  (step: number): Check =>
  ({ media }, { answerTo }) =>
    expect(media && media.id === answerTo(step)?.media?.id, 'Telegram has it as two files');

/** The download, which had begun, has been broken off, in 2 s at the latest. */
export const cutOff =
  (path: string): Check =>
  async (_, scene) => {
    const states = () => responses(scene, path).map(({ state }) => state);
    for (const until = Date.now() + 2000; states().includes('sending') && Date.now() < until; )
      await delay(50);
    expect(states().join() === 'cut,cut', `the responses of the site are ${states().join(', ')}`);
  };

export const canaryUnseen: Check = (_, { canary }) =>
  expect(canary.hits.length === 0, `the server there was asked ${canary.hits.length} times`);

/** The story of a command, in which these steps follow each other. */
export const story =
  (...steps: string[]): Check =>
  ({ text }) => {
    let at = 0;
    for (const step of steps) {
      at = text.indexOf(step, at);
      expect(at >= 0, `it does not tell “${step}” in its place: ${text}`);
    }
  };
