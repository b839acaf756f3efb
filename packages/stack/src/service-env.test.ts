import { describe, expect, it } from 'vitest';
import { type Parts, serviceEnv } from './service-env.ts';

const telegram = (session: string) => ({
  TELEGRAM_API_ID: '1',
  TELEGRAM_API_HASH: 'hash',
  TELEGRAM_SESSION: session,
});
const parts: Parts = {
  rabbitMqUrl: 'amqp://broker',
  redisUrl: 'redis://store',
  tools: { ytDlp: '/y', ffmpeg: '/f', ffprobe: '/p' },
  store: { MEDIA_STORE: 's3://media', S3_SECRET_KEY: 's3 secret' },
  telegram: { gateway: telegram('reading'), sender: telegram('writing') },
  adminIds: '7',
  openTo: 'nobody',
  workDir: '/work',
  logsDb: '/logs.db',
  logLevel: 'info',
};

describe('serviceEnv', () => {
  it('gives each session to its one owner', () => {
    expect(serviceEnv('gateway', parts)['TELEGRAM_SESSION']).toBe('reading');
    expect(serviceEnv('sender', parts)['TELEGRAM_SESSION']).toBe('writing');
  });

  it.each([
    ['gateway', ['s3 secret', '/y', '/logs.db']],
    ['media-pirate', ['reading', 'writing', 'hash', '/logs.db']],
    ['quartermaster', ['reading', 'writing', 'hash', '/logs.db']],
    ['logger', ['s3 secret', 'reading', 'writing', 'hash']],
    ['sender', ['reading', '/y', '/logs.db']],
  ])('does not give %s what it does not use', (name, foreign) => {
    const values = Object.values(serviceEnv(name, parts));
    expect(values.filter((value) => foreign.includes(value))).toEqual([]);
  });

  it('opens hosts that are not public to those that download, and only those that they are told', () => {
    const open = { ...parts, egressAllowHosts: '127.0.0.1:1' };
    for (const name of ['media-pirate', 'quartermaster'])
      expect(serviceEnv(name, open)['EGRESS_ALLOW_HOSTS']).toBe('127.0.0.1:1');
    expect(serviceEnv('sender', open)).not.toHaveProperty('EGRESS_ALLOW_HOSTS');
    expect(serviceEnv('media-pirate', parts)).not.toHaveProperty('EGRESS_ALLOW_HOSTS');
  });

  it('passes nothing of this process on but the path', () => {
    process.env['HEAVY_CANARY'] = 'canary';
    expect(Object.keys(serviceEnv('logger', parts)).sort()).toEqual(
      ['PATH', 'HOME', 'LANG', 'RABBITMQ_URL', 'REDIS_URL', 'LOG_LEVEL', 'LOGS_DB'].sort(),
    );
    delete process.env['HEAVY_CANARY'];
  });
});
