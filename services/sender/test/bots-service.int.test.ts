import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createVhost, freePort } from '@heavy/stack';
import { describe, expect, inject, it, vi } from 'vitest';
import { botsStage, redisUrl } from './bots-stage.ts';

const stage = botsStage();
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

describe('a sender with bots and without an account', () => {
  it('serves them, is healthy, counts, and stops in order', async () => {
    const vhost = await createVhost(inject('rabbitmq'));
    const port = await freePort();
    const env = {
      ...stage.env({ BOTS: 'on', HTTP_PORT: String(port), LOG_LEVEL: 'warn' }),
      ...{ RABBITMQ_URL: vhost.url, REDIS_URL: redisUrl() },
    };
    const sender = spawn(process.execPath, [main], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    const ended = once(sender, 'exit');
    try {
      const bot = stage.addBot('quiz_bot');
      const alice = stage.addUser('alice', bot);
      await stage.register(bot);
      await stage.send(bot, alice.id, 'hello');
      await stage.drained(bot);
      expect(stage.texts(bot, alice)).toEqual(['hello']);
      await vi.waitFor(async () => {
        const health = await fetch(`http://127.0.0.1:${port}/health`);
        expect(await health.json()).toMatchObject({
          status: 'ok',
          checks: { bots: { ok: true, detail: '1 of 1 bots' } },
        });
      });
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(metrics).toMatch(new RegExp(`heavy_bot_messages_total{bot="${bot.id}",outcome="sent".*} 1`));
      expect(metrics).toMatch(/heavy_bots_served{.*} 1/);
      expect(metrics).toMatch(/heavy_bot_broadcasts{state="running",.*} 0/);
      sender.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    } finally {
      sender.kill('SIGKILL');
      await ended;
      await vhost.drop();
    }
  });
});
