import { downloadSettings } from '@heavy/downloads';
import { type Static, Type } from 'typebox';

/** Settings of quartermaster; property names are the environment variables. */
export const quartermasterConfig = Type.Object({
  ...downloadSettings,
  JOBS_DIR: Type.String({
    default: '.heavy/jobs',
    description:
      'Folder of the jobs in progress: on a volume that outlives the service, and is not media-pirate’s.',
  }),
  JOBS_AT_ONCE: Type.Integer({
    minimum: 1,
    default: 2,
    description: 'Jobs that this replica works on at the same time.',
  }),
  JOB_TIMEOUT_MS: Type.Integer({
    minimum: 1000,
    default: 12 * 3_600_000,
    description: 'Wall-clock limit of one attempt at a job, in milliseconds.',
  }),
  JOB_ATTEMPTS: Type.Integer({
    minimum: 1,
    default: 12,
    description: 'So often a source may fail before the job is given up.',
  }),
  JOB_RETRY_DELAY_MS: Type.Integer({
    minimum: 1,
    default: 10_000,
    description:
      'Milliseconds before the second attempt at a source that failed; each further time it is twice as long.',
  }),
  JOB_RETRY_MAX_DELAY_MS: Type.Integer({
    minimum: 1,
    default: 3_600_000,
    description: 'Most milliseconds between two attempts, where the source itself asks for no longer wait.',
  }),
  JOB_PATIENCE_MS: Type.Integer({
    minimum: 1000,
    maximum: 6 * 24 * 3_600_000,
    default: 3 * 24 * 3_600_000,
    description: 'Milliseconds after which a job is not tried again, whatever it waits for.',
  }),
  YTDLP_CHECK_INTERVAL_MS: Type.Integer({
    minimum: 100,
    default: 600_000,
    description:
      'So often, in milliseconds, a job that yt-dlp cannot read looks whether there is another version.',
  }),
  RECONCILE_INTERVAL_MS: Type.Integer({
    minimum: 100,
    default: 60_000,
    description: 'So often, in milliseconds, the jobs are compared with those who wait.',
  }),
  JOB_LEFTOVERS_KEPT_MS: Type.Integer({
    minimum: 0,
    default: 7 * 24 * 3_600_000,
    description: 'Folders of jobs that nobody came back to are removed after that time, in milliseconds.',
  }),
});
export type QuartermasterConfig = Static<typeof quartermasterConfig>;
