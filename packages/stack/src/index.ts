export { type Crowd, type CrowdSize, createCrowd } from './crowd.ts';
export { freePort, freePorts } from './free-ports.ts';
export { interruption } from './interruption.ts';
export { rootDir } from './paths.ts';
export { type RabbitMq, type RabbitMqOptions, type RabbitMqPorts, startRabbitMq } from './rabbitmq.ts';
export { type RedisOptions, type RedisServer, startRedis } from './redis.ts';
export { announce, findRunning, type Running } from './running.ts';
export { type S3Options, type S3Server, startS3 } from './s3.ts';
export type { Server } from './server.ts';
export type { ServiceProcess } from './services.ts';
export { type Canary, startCanary } from './site/canary.ts';
export {
  type MediaSite,
  type MediaSiteOptions,
  type SiteRequest,
  startMediaSite,
} from './site/media-site.ts';
export { type Stack, type StackOptions, startStack } from './stack.ts';
export { isListening } from './tcp.ts';
export { ensureTools, type Tools, ToolsMissing } from './tools/ensure-tools.ts';
export type { Program } from './tools/program.ts';
export { StepFailed } from './tools/run-step.ts';
export { ensureS3, type S3Program } from './tools/s3-program.ts';
export { CanariesInvalid, type CanaryFault } from './tools/yt-dlp-canaries.ts';
export { type InstalledYtDlp, installedYtDlp, ytDlpFolder, ytDlpProgram } from './tools/yt-dlp-folder.ts';
export { updateYtDlp } from './tools/yt-dlp-newest.ts';
export { rollbackYtDlp, type YtDlpUpdate } from './tools/yt-dlp-update.ts';
export { createVhost, type Vhost } from './vhost.ts';
