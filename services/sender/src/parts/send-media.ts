import { open } from 'node:fs/promises';
import { CannotSplit, type MediaStore, PartTooLarge, type Splitter, type Splitting } from '@heavy/media';
import type { Logger } from '@heavy/service';
import type { TelegramAccount } from '@heavy/telegram';
import { type Obtaining, type Piece, readRange } from '../document-source.ts';
import { mediaAttributes } from '../media-attributes.ts';
import type { MediaMessage, SendMediaMessage } from '../media-message.ts';
import type { Patiently } from '../patience.ts';
import { byBytes, type Part, partBytes, partId } from './part.ts';
import type { PartPlans } from './part-plans.ts';
import { byteCaption, byteName, type Place, videoCaption, videoName } from './part-words.ts';

interface Deps {
  account: Pick<TelegramAccount, 'uploadLimitBytes'>;
  ask: Patiently;
  send: SendMediaMessage;
  splitter: Splitter;
  plans: PartPlans;
  store: MediaStore;
  log: Logger;
}

/** An object that is sent as several messages. */
interface Large {
  message: MediaMessage;
  limitBytes: number;
  video: Splitting;
}

interface Sending extends Pick<Obtaining, 'signal' | 'onProgress'> {
  /** Is given the ids of the messages, in their order. */
  posted: Set<number>;
}

const readFileRange = async (path: string, start: number, end: number): Promise<Uint8Array> => {
  const file = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(end - start);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
    return bytesRead === bytes.length ? bytes : bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

/**
 * Sends objects of the store as replies: as one message each or, over the account's limit, in parts. A video is cut at key
 * frames, so that each part plays; what cannot be cut, and what is no video, is sent as stretches of its bytes. A part is
 * sent when the one before it is in the chat. A repeat posts nothing twice, and uploads nothing that Telegram has.
 */
export const createSendMedia = ({ account, ask, send, splitter, plans, store, log }: Deps) => {
  const wholeOf = ({ message, limitBytes }: Large) => ({
    ...{ account: message.origin.account, object: message.object, limitBytes },
  });

  const inBytes = async (large: Large, cause?: CannotSplit): Promise<Part[]> => {
    const { object } = large.message;
    if (cause)
      log.warn({ err: cause, key: object.key }, 'a video cannot be split; it is sent as parts of a file');
    const parts = byBytes(object.sizeBytes, large.limitBytes);
    await plans.keep(wholeOf(large), parts, cause !== undefined && cause.obstacle !== 'video');
    return parts;
  };

  /** Runs what asks the splitter for parts. */
  const inVideos = async (large: Large, cut: () => Promise<Part[]>): Promise<Part[]> => {
    try {
      const parts = await cut();
      await plans.keep(wholeOf(large), parts, false);
      return parts;
    } catch (error) {
      if (error instanceof CannotSplit) return inBytes(large, error);
      throw error;
    }
  };

  const planFor = async (large: Large, signal: AbortSignal): Promise<Part[]> => {
    const known = await plans.find(wholeOf(large));
    if (known) return known;
    if (large.message.kind !== 'video') return inBytes(large);
    return inVideos(large, async () =>
      (await large.video.plan(large.limitBytes, signal)).map((part) => ({ as: 'video', ...part })),
    );
  };

  /** What is to be sent now that one of the parts could not be made. */
  const planAfter = async (
    error: unknown,
    large: Large,
    { parts, index, signal }: { parts: Part[]; index: number; signal: AbortSignal },
  ): Promise<Part[]> => {
    if (error instanceof CannotSplit) return inBytes(large, error);
    const part = parts[index];
    if (!(error instanceof PartTooLarge) || part?.as !== 'video') throw error;
    log.warn({ err: error, key: large.message.object.key }, 'a part is too large; it is split again');
    return inVideos(large, async () => {
      const smaller = await large.video.planAgain(part, signal);
      return parts.toSpliced(index, 1, ...smaller.map((one) => ({ as: 'video', ...one }) as const));
    });
  };

  const pieceOf = (
    { message, limitBytes, video }: Large,
    part: Part,
    place: Place,
  ): MediaMessage['piece'] => {
    const { object, media } = message;
    const attributes = mediaAttributes(message);
    const { fileName } = attributes;
    if (part.as === 'bytes') {
      const read: Piece['withBytes'] = (use) =>
        use({
          sizeBytes: part.end - part.start,
          read: ({ start, end }) => readRange(store, object.key, part.start + start, part.start + end),
        });
      const name = byteName(fileName, place);
      return {
        attributes: { kind: 'document', mime: 'application/octet-stream', fileName: name },
        caption: byteCaption(media, place, fileName),
        withBytes: read,
      };
    }
    const durationS = (part.toS ?? Math.max(media.durationS, part.fromS)) - part.fromS;
    return {
      attributes: { ...attributes, mime: 'video/mp4', fileName: videoName(fileName, place), durationS },
      caption: videoCaption(media, place),
      withBytes: (use, signal) =>
        video.withPart(part, limitBytes, signal, ({ path, sizeBytes }) =>
          use({ sizeBytes, read: ({ start, end }) => readFileRange(path, start, end) }),
        ),
    };
  };

  const messageFor = (large: Large, parts: Part[], index: number): MediaMessage => {
    const { message, limitBytes } = large;
    const part = parts[index] as Part;
    const id = `${limitBytes}:${partId(part)}`;
    const piece = pieceOf(large, part, { number: index + 1, count: parts.length });
    const { thumbnail, ...media } = message.media;
    return {
      ...{ ...message, object: { ...message.object, key: `${message.object.key}#${id}` } },
      media: part.as === 'video' && thumbnail ? { ...media, thumbnail } : media,
      // One that was given for the whole goes with the first part; the others say which they are.
      caption: index === 0 ? message.caption : undefined,
      randomKey: `${message.randomKey}:${id}`,
      ...(piece ? { piece } : {}),
    };
  };

  const sendParts = async (large: Large, { signal, onProgress, posted }: Sending): Promise<void> => {
    const { object } = large.message;
    let parts = await planFor(large, signal);
    log.info({ key: object.key, parts: parts.length, as: parts[0]?.as }, 'sending in parts');
    for (let index = 0; index < parts.length; ) {
      const planned = (some: Part[]): number => some.reduce((sum, part) => sum + partBytes(part), 0);
      const [before, all] = [planned(parts.slice(0, index)), planned(parts)];
      const share = (bytes: number) => Math.min(1, (before + bytes) / all) * object.sizeBytes;
      try {
        const { messageId } = await send(messageFor(large, parts, index), {
          signal,
          onProgress: (bytes) => onProgress(Math.floor(share(bytes))),
        });
        if (messageId !== null) posted.add(messageId);
        index += 1;
      } catch (error) {
        parts = await planAfter(error, large, { parts, index, signal });
        // From videos to bytes: what was sent so far is no part of the file.
        if (parts[0]?.as === 'bytes') index = 0;
      }
    }
  };

  return async (message: MediaMessage, sending: Sending): Promise<void> => {
    const limitBytes = await ask(() => account.uploadLimitBytes(), sending.signal);
    if (message.object.sizeBytes > limitBytes)
      return splitter.splitting(message.object, (video) =>
        sendParts({ message, limitBytes, video }, sending),
      );
    const { messageId } = await send(message, sending);
    if (messageId !== null) sending.posted.add(messageId);
  };
};

export type SendMedia = ReturnType<typeof createSendMedia>;
