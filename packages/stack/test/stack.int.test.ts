import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isListening, type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { afterAll, describe, expect, it, vi } from 'vitest';

const dir = mkdtempSync(join(tmpdir(), 'heavy-stack-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('startStack', () => {
  it('runs the services it is asked for, and leaves nothing but logs', async () => {
    const stack: Stack = await startStack({ dir: join(dir, 'some'), services: ['logger', 'sender'] });
    const ports = [
      ...Object.values(stack.rabbitmq.ports),
      stack.redis.port,
      stack.site.port,
      stack.canary.port,
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

  it('runs several processes of a service, and halts one of them', async () => {
    const stack = await startStack({
      dir: join(dir, 'replicas'),
      services: ['logger'],
      replicas: { logger: 3 },
      serviceEnv: { logger: { LOG_LEVEL: 'debug' }, 'logger-3': { LOG_LEVEL: 'error' } },
    });
    try {
      const names = ['logger', 'logger-2', 'logger-3'];
      expect(stack.services.map(({ name }) => name)).toEqual(names);
      expect(names.map((name) => stack.env(name)['INSTANCE'])).toEqual(names);
      expect(names.map((name) => stack.env(name)['LOG_LEVEL'])).toEqual(['debug', 'debug', 'error']);
      expect(new Set(stack.services.map(({ url }) => url)).size).toBe(3);

      const second = stack.service('logger-2');
      const isReady = async ({ url }: ServiceProcess) => (await fetch(`${url}/ready`)).ok;
      second.pause();
      let answered = false;
      const answer = isReady(second).finally(() => {
        answered = true;
      });
      expect(await Promise.all([stack.service('logger'), stack.service('logger-3')].map(isReady))).toEqual([
        true,
        true,
      ]);
      expect(answered).toBe(false);
      expect(second.running).toBe(true);
      second.resume();
      expect(await answer).toBe(true);
      second.pause();
      await second.kill();
      expect(second.running).toBe(false);
      await second.start();
      second.pause();
    } finally {
      await stack.stop();
    }
    const logs = readdirSync(join(dir, 'replicas', 'logs')).sort();
    expect(logs).toEqual(['logger-2.log', 'logger-3.log', 'logger.log']);
    const stopped = readFileSync(join(dir, 'replicas', 'logs', 'logger-2.log'), 'utf8');
    // The halted one too was let go on, and ended in order.
    expect(stopped.trimEnd().split('\n').at(-1)).toContain('"msg":"stopped"');
  });

  it.each(['gateway', 'sender'] as const)(
    'lets a second %s stand by on the session of the first',
    { timeout: 120_000 },
    async (name) => {
      const stack = await startStack({
        dir: join(dir, `standby-${name}`),
        services: [name],
        replicas: { [name]: 2 },
      });
      try {
        const [first, second] = [stack.service(name), stack.service(`${name}-2`)];
        expect(first.env['TELEGRAM_SESSION']).toBe(second.env['TELEGRAM_SESSION']);
        const stateOf = async ({ url }: ServiceProcess) => {
          const page = await fetch(`${url}/telegram/session/status`);
          return ((await page.json()) as { state: string }).state;
        };
        const states = [await stateOf(first), await stateOf(second)];
        expect(states.toSorted()).toEqual(['owner', 'standby']);
        const [owner, standby] = states[0] === 'owner' ? [first, second] : [second, first];
        await owner.kill();
        await vi.waitFor(async () => expect(await stateOf(standby)).toBe('owner'), {
          timeout: 60_000,
          interval: 100,
        });
        await owner.start();
        expect(await stateOf(owner)).toBe('standby');
        await standby.restart();
        await vi.waitFor(async () =>
          expect([await stateOf(owner), await stateOf(standby)].toSorted()).toEqual(['owner', 'standby']),
        );
      } finally {
        await stack.stop();
      }
    },
  );

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
