import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { WorldMessage } from '@heavy/local-telegram';

/** What one command of the conversation must come to. `holds` throws with what is wrong. */
export interface Claim {
  claim: string;
  holds: (answer: WorldMessage, ffprobe: string) => Promise<void>;
}

const expect = (condition: unknown, what: string): void => {
  if (!condition) throw new Error(what);
};

interface Probe {
  format: { format_name: string; duration: string };
  streams: { codec_type: string; codec_name: string; width?: number; height?: number }[];
}

const probe = async (ffprobe: string, path: string): Promise<Probe> => {
  const { stdout } = await promisify(execFile)(ffprobe, [
    '-v',
    'error',
    '-of',
    'json',
    '-show_format',
    '-show_streams',
    path,
  ]);
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

const playableVideo = async ({ media }: WorldMessage, ffprobe: string): Promise<void> => {
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

const mp3 = async ({ media }: WorldMessage, ffprobe: string): Promise<void> => {
  if (media?.kind !== 'audio') throw new Error('it is no audio');
  expect(
    media.mime === 'audio/mpeg' && media.title && media.durationS,
    'it lacks its type, title or duration',
  );
  const { streams } = await probe(ffprobe, media.path);
  expect(streams[0]?.codec_name === 'mp3', `its codec is ${streams[0]?.codec_name}`);
};

const sentence =
  (words: RegExp) =>
  async ({ media, text }: WorldMessage): Promise<void> => {
    expect(!media && words.test(text), `it reads: ${text}`);
    expect(/\(id [0-9a-f]{8}\)$/u.test(text), 'it names no id');
  };

const captioned =
  (...parts: string[]) =>
  async (answer: WorldMessage, ffprobe: string): Promise<void> => {
    await playableVideo(answer, ffprobe);
    for (const part of parts) expect(answer.text.includes(part), `its caption lacks ${part}`);
  };

/** The conversation that `npm run demo -- --once` plays: a line of a script each, with what must come of it. */
export const conversation: { line: string; claim?: Claim }[] = [
  {
    line: 'film-club alice .vdl {site}/clip.mp4',
    claim: {
      claim: 'a person types .vdl and a URL, and gets a playable video',
      holds: captioned('clip', '/clip.mp4'),
    },
  },
  {
    line: 'film-club bob .adl {site}/clip.mp4',
    claim: { claim: 'a person types .adl and a URL, and gets an mp3', holds: mp3 },
  },
  { line: 'film-club carol you have to see this: {site}/watch/sample — it is short' },
  {
    line: 'film-club bob reply:3 .vdl',
    claim: {
      claim: 'a person replies .vdl to a message that holds a URL, and gets that video',
      holds: captioned('/watch/sample'),
    },
  },
  {
    line: 'cinema/Trailers alice .dl {site}/hls/master.m3u8',
    claim: {
      claim: 'a stream in pieces comes back as one video, in the topic that asked',
      holds: captioned('/hls/'),
    },
  },
  {
    line: 'cinema/Trailers bob .vdl {site}/film.webm',
    claim: { claim: 'a format that phones do not play comes back as one that they do', holds: playableVideo },
  },
  {
    line: 'private alice .vdl <{site}/clip.mp4?utm_source=chat#t=1>',
    claim: { claim: 'the same video by another spelling, in a private chat', holds: captioned('clip') },
  },
  {
    line: 'film-club alice .vdl',
    claim: { claim: '.vdl with no URL gets a plain sentence', holds: sentence(/no link/u) },
  },
  {
    line: 'film-club alice .vdl that funny film',
    claim: { claim: '.vdl with what is no URL gets a plain sentence', holds: sentence(/not a link/u) },
  },
  {
    line: 'film-club alice .vdl {site}/missing',
    claim: {
      claim: '.vdl with a URL that is a 404 gets a plain sentence',
      holds: sentence(/nothing at that link/u),
    },
  },
  {
    line: 'film-club alice .vdl {site}/page.html',
    claim: {
      claim: '.vdl with a page without media gets a plain sentence',
      holds: sentence(/no video or music/u),
    },
  },
  {
    line: 'film-club heavy .adl {site}/song.mp3',
    claim: { claim: 'the account itself types a command, and gets its answer', holds: mp3 },
  },
];
