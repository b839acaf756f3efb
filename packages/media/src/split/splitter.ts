import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, rm, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Reaper, SpawnFailed } from '@heavy/process';
import { toolEnvironment } from '../download/job.ts';
import { discardJob, inJobFolder, jobFolder, sweepJobFolders } from '../download/job-folder.ts';
import { cutVideo } from '../ffmpeg/cut-video.ts';
import { type Gop, keyFrames } from '../ffmpeg/key-frames.ts';
import { planParts, splitAgain, type VideoPart } from '../ffmpeg/plan-parts.ts';
import { type Probe, probe } from '../ffmpeg/probe.ts';
import { type FfmpegTools, ToolFailed } from '../ffmpeg/run-tool.ts';
import type { MediaStore } from '../store/media-store.ts';
import { CannotSplit, PartTooLarge } from './cannot-split.ts';
import { createTurns } from './turns.ts';

export interface SplitterOptions {
  store: Pick<MediaStore, 'read' | 'pathOf'>;
  ffmpegPath: string;
  ffprobePath: string;
  /** A folder of its own. It holds the source, unless the store has that as a file, and one part. */
  workDir: string;
  /** Ends what is running when this process dies; the shared one by default. */
  reaper?: Reaper;
}

interface SplitObject {
  key: string;
  sizeBytes: number;
}

/** A video that is being split. The same file and limit always give the same parts. All of its methods may be called at the same time. */
export interface Splitting {
  /** @throws {CannotSplit}; the signal's reason where that aborts. */
  plan(limitBytes: number, signal: AbortSignal): Promise<VideoPart[]>;
  /** The parts that a part which is too large consists of. @throws {CannotSplit} */
  planAgain(part: VideoPart, signal: AbortSignal): Promise<VideoPart[]>;
  /**
   * Makes a part, and removes it when `use` settles. One is there at a time.
   * @throws {CannotSplit} {PartTooLarge}; what `use` rejects with.
   */
  withPart<T>(
    part: VideoPart,
    limitBytes: number,
    signal: AbortSignal,
    use: (file: { path: string; sizeBytes: number }) => Promise<T>,
  ): Promise<T>;
}

export interface Splitter {
  /** Removes what processes that are no more have left in the work folder. */
  sweep(): Promise<void>;
  /**
   * Runs `work` with what splits the object. Nothing is done for it before something is asked for; then, of all objects, one
   * has its source and a part on the disk. Who wants the same object shares them.
   */
  splitting<T>(object: SplitObject, work: (video: Splitting) => Promise<T>): Promise<T>;
}

/** With less than that free a disk is full. */
const fullBytes = 16 * 1024 * 1024;

/** The source on the disk, and what is in it. */
interface Source {
  path: string;
  folder: string;
  tools: Omit<FfmpegTools, 'signal'>;
  probe: Probe;
  gops: Gop[];
}

const cannot = (error: unknown): unknown => {
  const message = 'the video cannot be cut';
  if (error instanceof SpawnFailed) return new CannotSplit('tools', message, { cause: error });
  if (error instanceof ToolFailed) return new CannotSplit('video', message, { cause: error });
  return (error as NodeJS.ErrnoException).code === 'ENOSPC'
    ? new CannotSplit('disk', 'the disk is full', { cause: error })
    : error;
};

/** Splits videos of the store that are too large for one message, at key frames and without encoding anything. */
export const createSplitter = (options: SplitterOptions): Splitter => {
  const { store, ffmpegPath, ffprobePath, reaper } = options;
  const workDir = resolve(options.workDir);
  const turns = createTurns<Source>();

  const fetchSource = async (
    { key, sizeBytes }: SplitObject,
    to: string,
    signal: AbortSignal,
  ): Promise<string> => {
    const path = await store.pathOf?.(key);
    if (path === undefined) {
      await pipeline(await store.read(key), createWriteStream(to), { signal });
      const { size } = await stat(to);
      if (size !== sizeBytes) throw new Error(`${size} bytes were read of an object of ${sizeBytes}`);
      return to;
    }
    // Under a name of our own it stays when the store deletes it. On another file system it cannot have one.
    return link(path, to).then(
      () => to,
      () => path,
    );
  };

  /** @throws {CannotSplit} `disk`. */
  const checkSpace = async (neededBytes: number, cause?: unknown): Promise<void> => {
    const { bavail, bsize } = await statfs(workDir);
    const message = `${bavail * bsize} bytes are free of the ${neededBytes} that are needed`;
    if (bavail * bsize < neededBytes) throw new CannotSplit('disk', message, { cause });
  };

  /** Makes the part at `to`, and says how large it is. */
  const makePart = async (
    { tools, path: from, probe: whole }: Source,
    { to, part, signal }: { to: string; part: VideoPart; signal: AbortSignal },
  ): Promise<number> => {
    await checkSpace(part.sizeBytes);
    try {
      await cutVideo({ ...tools, signal }, { from, to, part }, whole);
    } catch (error) {
      // ffmpeg says of a full disk what it says of a broken file.
      if (error instanceof ToolFailed) await checkSpace(fullBytes, error);
      throw cannot(error);
    }
    return (await stat(to)).size;
  };

  const withSource = async (
    object: SplitObject,
    use: (source: Source) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> => {
    const jobId = createHash('sha256').update(object.key).digest('hex');
    const folder = jobFolder(workDir, jobId, randomUUID());
    try {
      await inJobFolder(workDir, folder, { split: folder.root }, async () => {
        const tools = {
          ...{ ffmpegPath, ffprobePath, env: toolEnvironment({ ffmpegPath, ffprobePath }, folder.root) },
          ...(reaper ? { reaper } : {}),
        };
        if (!store.pathOf) await checkSpace(object.sizeBytes);
        const path = await fetchSource(object, join(folder.source, 'whole'), signal);
        const about = await probe({ ...tools, signal }, path);
        const gops = await keyFrames({ ...tools, signal }, path, about);
        await use({ path, folder: folder.output, tools, probe: about, gops });
      });
    } catch (error) {
      throw cannot(error);
    } finally {
      await discardJob(workDir, folder);
    }
  };

  return {
    sweep: async () => void (await sweepJobFolders(workDir, 0)),
    splitting: (object, work) =>
      turns.share(
        object.key,
        (use, signal) => withSource(object, use, signal),
        ({ source, oneAtATime }) =>
          work({
            plan: async (limitBytes, signal) => {
              const parts = planParts((await source(signal)).gops, limitBytes);
              if (!parts) throw new CannotSplit('video', 'the video has no key frames where it could be cut');
              return parts;
            },
            planAgain: async (part, signal) => {
              const parts = splitAgain((await source(signal)).gops, part);
              if (!parts) throw new CannotSplit('video', 'a part has no key frame where it could be cut');
              return parts;
            },
            withPart: async (part, limitBytes, signal, use) => {
              const whole = await source(signal);
              return oneAtATime(async () => {
                signal.throwIfAborted();
                const to = join(whole.folder, `${randomUUID()}.mp4`);
                try {
                  const sizeBytes = await makePart(whole, { to, part, signal });
                  if (sizeBytes > limitBytes)
                    throw new PartTooLarge(`a part has ${sizeBytes} bytes, over ${limitBytes}`);
                  return await use({ path: to, sizeBytes });
                } finally {
                  await rm(to, { force: true });
                }
              });
            },
          }),
      ),
  };
};
