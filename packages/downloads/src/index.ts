export { type Answers, createAnswers, type ProgressStep } from './answers.ts';
export {
  type Added,
  connectionOf,
  createJobQueue,
  type JobData,
  type JobQueue,
  type QueuedJob,
  retryPriority,
} from './job-queue.ts';
export { type LeaseWorkDeps, leaseWork, type Reached } from './lease-work.ts';
export { lineAnnouncer } from './line-announcer.ts';
export { openDownloads } from './open-downloads.ts';
export { passingFailures } from './passing-failures.ts';
export { downloadSettings } from './settings.ts';
export { findMedia } from './stored-media.ts';
