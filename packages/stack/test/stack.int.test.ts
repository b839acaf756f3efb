import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isListening, type Stack, startStack } from '@heavy/stack';
import { afterAll, describe, expect, it } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'heavy-stack-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('startStack', () => {
  it('runs the services it is asked for, and leaves nothing but logs', async () => {
    const stack: Stack = await startStack({ dir: join(dir, 'some'), services: ['logger', 'sender'] });
    const ports = [
      ...Object.values(stack.rabbitmq.ports),
      stack.redis.port,
      stack.site.port,
      stack.telegram.endpoint.port,
      ...stack.services.map((service) => Number(new URL(service.url).port)),
    ];
    try {
      expect(stack.services.map((service) => service.name)).toEqual(['logger', 'sender']);
      expect(await Promise.all(ports.map(isListening))).toEqual(ports.map(() => true));
      expect(stack.chats.map((chat) => chat.title)).toEqual(['Film club', 'Cinema']);
      expect(() => stack.service('gateway')).toThrow('No service gateway runs, but logger, sender.');

      const sender = stack.service('sender');
      const { pid } = sender;
      await sender.kill();
      expect(sender.running).toBe(false);
      await sender.start();
      expect(sender.pid).not.toBe(pid);
      expect((await fetch(`${sender.url}/ready`)).status).toBe(200);
    } finally {
      await stack.stop();
    }
    expect(await Promise.all(ports.map(isListening))).toEqual(ports.map(() => false));
    expect(readdirSync(join(dir, 'some')).filter((name) => !name.startsWith('logs'))).toEqual([]);
    expect(readdirSync(join(dir, 'some', 'logs')).sort()).toEqual(['logger.log', 'sender.log']);
  });

  it('says what a service printed that does not come up, and leaves nothing running', async () => {
    const start = startStack({
      dir: join(dir, 'broken'),
      services: ['logger', 'sender'],
      serviceEnv: { sender: { TELEGRAM_API_ID: 'none' } },
    });
    await expect(start).rejects.toThrow(/^sender ended at its start \(exit code 78\)[\s\S]*TELEGRAM_API_ID/);
    expect(readdirSync(join(dir, 'broken')).filter((name) => name.startsWith('run-'))).toEqual([]);
  });

  it('breaks off when the signal aborts', async () => {
    const stop = new AbortController();
    const start = startStack({
      dir: join(dir, 'aborted'),
      services: ['logger'],
      signal: stop.signal,
      say: (line) => {
        if (line.startsWith('Starting logger')) stop.abort(new Error('enough'));
      },
    });
    await expect(start).rejects.toThrow('enough');
    expect(readdirSync(join(dir, 'aborted')).filter((name) => name.startsWith('run-'))).toEqual([]);
  });
});
