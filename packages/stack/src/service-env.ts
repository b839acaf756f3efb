import { join } from 'node:path';
import { surroundings } from './config.ts';
import type { Tools } from './tools/ensure-tools.ts';

/** Where an account's session is used: Telegram itself, or a data centre of our own. */
export interface TelegramEnv {
  TELEGRAM_API_ID: string;
  TELEGRAM_API_HASH: string;
  TELEGRAM_SESSION: string;
  TELEGRAM_ENDPOINT?: string;
  TELEGRAM_ENDPOINT_KEY_FILE?: string;
}

export interface Parts {
  rabbitMqUrl: string;
  redisUrl: string;
  tools: Pick<Tools, 'ytDlp' | 'ffmpeg' | 'ffprobe'>;
  /** MEDIA_STORE and what goes with it. */
  store: Record<string, string>;
  /** Each has a session of its own: one that is used from two places is revoked. */
  telegram: { gateway: TelegramEnv; sender: TelegramEnv };
  adminIds: string;
  openTo: string;
  workDir: string;
  /** Hosts with their ports that downloads may reach though they are not public; none where it is left out. */
  egressAllowHosts?: string;
  logsDb: string;
  logLevel: string;
}

/** The environment of a service, built from nothing: each is given what it uses and no more. */
export const serviceEnv = (name: string, parts: Parts): Record<string, string> => {
  const downloading = {
    ...parts.store,
    YTDLP_PATH: parts.tools.ytDlp,
    FFMPEG_PATH: parts.tools.ffmpeg,
    FFPROBE_PATH: parts.tools.ffprobe,
    ...(parts.egressAllowHosts === undefined ? {} : { EGRESS_ALLOW_HOSTS: parts.egressAllowHosts }),
  };
  const own: Record<string, Record<string, string>> = {
    gateway: { ...parts.telegram.gateway, ADMIN_IDS: parts.adminIds, OPEN_TO: parts.openTo },
    sender: {
      ...{ ...parts.telegram.sender, ...parts.store },
      FFMPEG_PATH: parts.tools.ffmpeg,
      FFPROBE_PATH: parts.tools.ffprobe,
      PARTS_DIR: join(parts.workDir, 'parts'),
    },
    'media-pirate': { ...downloading, WORK_DIR: parts.workDir },
    quartermaster: { ...downloading, JOBS_DIR: join(parts.workDir, 'jobs') },
    logger: { LOGS_DB: parts.logsDb },
  };
  return {
    PATH: surroundings().path,
    HOME: parts.workDir,
    LANG: 'C.UTF-8',
    RABBITMQ_URL: parts.rabbitMqUrl,
    REDIS_URL: parts.redisUrl,
    LOG_LEVEL: parts.logLevel,
    ...own[name],
  };
};
