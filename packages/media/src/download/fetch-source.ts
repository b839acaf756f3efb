import { basename } from 'node:path';
import { DownloadFailed } from './download-failed.ts';
import type { DownloadOrder } from './downloader.ts';
import { classifyFailure, isToComeAgain } from './failure-classes.ts';
import { filesIn } from './folder-size.ts';
import type { Job } from './job.ts';
import { chosenSize, identityOf } from './probed.ts';
import { progressOf } from './progress-of.ts';
import { retryAfterSeconds } from './retry-after.ts';
import { runForJob } from './run-for-job.ts';
import type { ChosenFormats, ListedEntry, MediaInfo } from './run-yt-dlp.ts';
import { titleOf } from './title.ts';
import { fileStem, listedEntries, listingArguments, ytDlpArguments } from './yt-dlp-arguments.ts';

/** What yt-dlp fetched. */
export interface Source {
  file: { path: string; sizeBytes: number };
  info?: MediaInfo;
}

/** Nothing was fetched: a playlist, with its entries as far as they have been counted. */
interface Playlist {
  count?: number;
}

/** yt-dlp's own bookkeeping, and what it had not finished. */
const unfinished = /\.(part|ytdl|temp)$|\.part-|\.temp\./;

const liveStates = new Set(['is_live', 'is_upcoming']);

/** How yt-dlp hands down notes from one extractor to the next: nothing of the address. */
const withoutNotes = (info: MediaInfo): MediaInfo => {
  const { webpage_url: webpageUrl, ...rest } = info;
  return webpageUrl === undefined
    ? rest
    : { ...rest, webpage_url: webpageUrl.replace(/#__youtubedl_smuggle=.*$/, '') };
};

/** Checks the media against the limits as soon as they are known, and says what they are. */
const watchProbe = (job: Job, order: DownloadOrder, url: URL) => {
  const { maxBytes, maxDurationS } = job.options.limits;
  let info: MediaInfo | undefined;
  return {
    info: () => info,
    onInfo: (found: MediaInfo): void => {
      info ??= withoutNotes(found);
      const { duration } = found;
      job.know({
        title: titleOf(info, url.href).title,
        ...(duration === undefined ? {} : { durationS: duration }),
      });
      if (found.is_live || liveStates.has(found.live_status ?? '')) job.fail('live_stream');
      else if ((duration ?? 0) > maxDurationS) job.fail('too_long', { limit: maxDurationS });
      // What is not a playlist has one entry.
      else if ((order.item ?? 1) > 1 && found.playlist_index === undefined)
        job.fail('playlist', { count: 1 });
    },
    onChosen: (formats: ChosenFormats): void => {
      if (!info) return;
      const { sizeBytes, isWhole } = chosenSize(formats);
      const identity = identityOf(info, formats, order);
      const { duration } = info;
      order.onProbed?.({
        ...(identity === undefined ? {} : { identity }),
        title: titleOf(info, url.href).title,
        ...(isWhole ? { sizeBytes } : {}),
        ...(duration === undefined ? {} : { durationS: duration }),
      });
      if (isWhole || sizeBytes > maxBytes) job.know({ sizeBytes });
      if (sizeBytes > maxBytes) job.fail('too_large', { limit: maxBytes });
    },
  };
};

/**
 * Runs yt-dlp into the job's folder. Success is exactly one regular file that is not empty, whatever the exit code (which
 * is 101 after one download, and 0 where a filter left nothing).
 */
const download = async (job: Job, order: DownloadOrder, url: URL): Promise<Source | Playlist> => {
  const probe = watchProbe(job, order, url);
  const onProgress = progressOf(job);
  const { log } = job.options;
  let hasMoreEntries = false;
  let playlist: Playlist | undefined;
  let retryAfterS: number | undefined;
  let isGuarded = false;
  const { code, stderr } = await runForJob(
    job,
    order,
    url,
    ytDlpArguments,
    ({ info, chosen, parts = [], progress, playlist: found, guarded, changed, retryAfter }) => {
      if (guarded) isGuarded = true;
      if (changed) log.info({ jobId: job.jobId, host: url.hostname }, 'the source has changed: started over');
      if (retryAfter !== undefined) retryAfterS = retryAfterSeconds(retryAfter);
      if ((info?.n_entries ?? 1) > 1) hasMoreEntries = true;
      else if (info) probe.onInfo(info);
      if (chosen) probe.onChosen({ chosen, parts });
      if (progress) onProgress(progress);
      // The innermost one comes first: the one whose entries were refused.
      if (found) playlist ??= typeof found.playlist_count === 'number' ? { count: found.playlist_count } : {};
    },
  );
  // A limit may have been hit by the last thing that yt-dlp said.
  job.signal.throwIfAborted();
  if (!isGuarded)
    log.warn({ jobId: job.jobId }, 'yt-dlp did not take our plug-in: what it continues may not fit together');
  const info = probe.info();
  if (hasMoreEntries) return playlist ?? {};
  if (playlist && !info && !/^ERROR:/m.test(stderr)) {
    if (playlist.count === 0) throw job.failure('unsupported');
    return playlist;
  }
  const files = (await filesIn(job.folder.source)).filter(
    ({ path, isRegular, sizeBytes }) => isRegular && sizeBytes > 0 && !unfinished.test(basename(path)),
  );
  const [file] = files;
  if (file !== undefined && files.length === 1 && basename(file.path).startsWith(fileStem))
    return { file, ...(info ? { info } : {}) };
  const cause = new Error(`yt-dlp ended with ${code}, ${files.length} files: ${stderr.trim().slice(-2000)}`);
  const context = retryAfterS !== undefined && isToComeAgain(stderr) ? { retryAfterS } : {};
  throw job.failure(classifyFailure(stderr, order.kind), context, cause);
};

/** Where the source may be there again at once. */
const isBrokenOff = (error: unknown): boolean =>
  error instanceof DownloadFailed &&
  ['source_slow', 'source_unreachable'].includes(error.code) &&
  error.context.retryAfterS === undefined;

/** Runs yt-dlp, and where the order persists, again for as long as a run leaves more than any before it. */
const downloadOn = async (job: Job, order: DownloadOrder, url: URL): Promise<Source | Playlist> => {
  const bytesHere = async () =>
    (await filesIn(job.folder.source)).reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
  for (let most = await bytesHere(); ; ) {
    try {
      return await download(job, order, url);
    } catch (error) {
      const bytes = await bytesHere();
      if (!order.persistent || job.signal.aborted || !isBrokenOff(error) || bytes <= most) throw error;
      most = bytes;
    }
  }
};

/** The same order, that is told once what it is for. */
const probedOnce = ({ onProbed, ...order }: DownloadOrder): DownloadOrder => {
  let isTold = false;
  return {
    ...order,
    onProbed: (probed) => {
      if (!isTold) onProbed?.(probed);
      isTold = true;
    },
  };
};

/** The places of the entries of which something can be downloaded, among how many that were looked at. */
const listEntries = async (
  job: Job,
  order: DownloadOrder,
  url: URL,
): Promise<{ places: number[]; listed: number }> => {
  const found: ListedEntry[] = [];
  await runForJob(job, order, url, listingArguments, ({ entry, format = null }) => {
    if (entry) found.push({ entry, format });
  });
  job.signal.throwIfAborted();
  const places = found
    .filter(({ entry, format }) => entry.url !== undefined || format !== null)
    .map(({ entry }, index) => entry.playlist_index ?? index + 1);
  return { places, listed: found.length };
};

/**
 * Fetches what the order asks for. A post with one video among pictures is a playlist to yt-dlp, and to nobody else.
 * @throws {DownloadFailed}
 */
export const fetchSource = async (job: Job, given: DownloadOrder, url: URL): Promise<Source> => {
  const order = probedOnce(given);
  const fetched = await downloadOn(job, order, url);
  if ('file' in fetched) return fetched;
  let { count } = fetched;
  if (order.item === undefined && (count ?? 0) < listedEntries) {
    const { places, listed } = await listEntries(job, order, url);
    if (listed < listedEntries) count ??= listed;
    if (listed > 0 && places.length === 0) throw job.failure('unsupported');
    const [item] = places;
    if (item !== undefined && places.length === 1) {
      const only = await downloadOn(job, { ...order, item }, url);
      if ('file' in only) return only;
    }
  }
  throw job.failure('playlist', count === undefined ? {} : { count });
};
