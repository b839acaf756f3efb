import type { Job } from './job.ts';
import type { YtDlpProgress } from './run-yt-dlp.ts';

/** Reports yt-dlp's progress, and adds up the formats that are fetched one after the other, pictures and then sound. */
export const progressOf = (job: Job): ((progress: YtDlpProgress) => void) => {
  const { maxBytes } = job.options.limits;
  let format: string | null | undefined;
  let before = 0;
  let bytes = 0;
  return (progress) => {
    if (format !== undefined && format !== progress.format) before += bytes;
    format = progress.format;
    bytes = progress.bytes ?? 0;
    const { total, estimate, speed, eta } = progress;
    if (total !== null && before + total > maxBytes) {
      job.know({ sizeBytes: Math.round(before + total) });
      job.fail('too_large', { limit: maxBytes });
    }
    const totalBytes = total ?? estimate;
    job.progress({
      phase: 'downloading',
      bytes: Math.round(before + bytes),
      ...(totalBytes === null ? {} : { totalBytes: Math.round(before + Math.max(bytes, totalBytes)) }),
      ...(speed === null ? {} : { bytesPerSecond: speed }),
      ...(eta === null ? {} : { etaS: eta }),
    });
  };
};
