import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createVhost, isListening, startRabbitMq, startRedis, startS3 } from '@heavy/stack';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { Client } from 'minio';
import { afterAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { ensureS3 } from '../src/tools/s3-program.ts';

const dir = mkdtempSync(join(tmpdir(), 'heavy-stack-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const orNothing = <T>(read: () => T): T | '' => {
  try {
    return read();
  } catch {
    // The process ended between the listing and the look, or is not ours.
    return '';
  }
};

/** Pids of the processes that work in the folder or are told of it. Linux only; zombies count as gone. */
const processesOf = (folder: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .filter(
      (pid) =>
        orNothing(() => readlinkSync(`/proc/${pid}/cwd`)).startsWith(folder) ||
        orNothing(() => readFileSync(`/proc/${pid}/environ`, 'latin1')).includes(folder) ||
        orNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1')).includes(folder),
    )
    .map(Number);

describe('createVhost', () => {
  it('makes a virtual host that others do not see, and that is gone once dropped', async () => {
    const [one, other] = await Promise.all([
      createVhost(inject('rabbitmq')),
      createVhost(inject('rabbitmq')),
    ]);
    const connection = await connect(one.url);
    connection.on('error', () => {});
    const channel = await connection.createChannel();
    await channel.assertQueue('here');
    const elsewhere = await connect(other.url);
    const looking = await elsewhere.createChannel();
    looking.on('error', () => {});
    await expect(looking.checkQueue('here')).rejects.toThrow(/NOT_FOUND/);
    await elsewhere.close();
    const closed = once(connection, 'close');
    await one.drop();
    await closed;
    await expect(connect(one.url)).rejects.toThrow(/ConnectionClose/);
    await expect(one.drop()).rejects.toThrow(/404/);
    await other.drop();
  });
});

describe('startRabbitMq', () => {
  it.each(['stop', 'kill'] as const)('keeps durable messages over %s and start', async (end) => {
    const rabbit = await startRabbitMq({ dir: join(dir, `rabbit-${end}`) });
    try {
      const before = await connect(rabbit.url);
      before.on('error', () => {});
      const publishing = await before.createConfirmChannel();
      publishing.on('error', () => {});
      await publishing.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
      publishing.sendToQueue('kept', Buffer.from('still here'), { persistent: true });
      await publishing.waitForConfirms();
      const firstPid = rabbit.pid;
      // RabbitMQ 3.10 confirms messages to a new quorum queue up to half a second before it has noted on disk that the
      // queue is its own: killed in between, it comes back with an empty one.
      const noted = join(dir, `rabbit-${end}`, 'mnesia/heavy@localhost/quorum/heavy@localhost/names.dets');
      await vi.waitFor(() => expect(readFileSync(noted, 'latin1')).toContain('kept'));

      await rabbit[end]();
      expect(rabbit.running).toBe(false);
      expect(await isListening(rabbit.ports.amqp)).toBe(false);
      expect(await isListening(rabbit.ports.epmd)).toBe(false);
      await rabbit.start();

      expect(rabbit.pid).not.toBe(firstPid);
      const after = await connect(rabbit.url);
      const channel = await after.createChannel();
      const message = await channel.get('kept', { noAck: true });
      expect(message || undefined).toMatchObject({ content: Buffer.from('still here') });
      await after.close();
    } finally {
      await rabbit.stop();
    }
    await vi.waitFor(() => expect(processesOf(join(dir, `rabbit-${end}`))).toEqual([]));
  });

  it('says what RabbitMQ printed where it does not come up', async () => {
    const rabbit = startRabbitMq({ dir: join(dir, 'broken'), program: { command: '/bin/false' } });
    await expect(rabbit).rejects.toThrow('RabbitMQ ended at its start (exit code 1)');
    await vi.waitFor(() => expect(processesOf(join(dir, 'broken'))).toEqual([]));
  });
});

describe('startRedis', () => {
  it.each(['stop', 'kill'] as const)('keeps what it acknowledged over %s and start', async (end) => {
    const server = await startRedis({ dir: join(dir, `redis-${end}`) });
    try {
      const client = new Redis(server.url);
      await client.set('kept', 'still here');
      client.disconnect();
      await server[end]();
      expect(await isListening(server.port)).toBe(false);
      await server.start();
      const again = new Redis(server.url);
      expect(await again.get('kept')).toBe('still here');
      again.disconnect();
    } finally {
      await server.stop();
    }
  });

  it('notices that it was ended by somebody else, and can be started again', async () => {
    const server = await startRedis({ dir: join(dir, 'redis-ended') });
    process.kill(server.pid, 'SIGKILL');
    await vi.waitFor(() => expect(server.running).toBe(false));
    await server.start();
    expect(await isListening(server.port)).toBe(true);
    await server.stop();
  });
});

describe('startS3', () => {
  it('is a real S3 server that refuses a wrong secret', async ({ skip }) => {
    const s3 = await ensureS3({ say: () => {} });
    if (!s3) return skip();
    const server = await startS3({ dir: join(dir, 's3'), s3 });
    const { hostname, port } = new URL(server.endpoint);
    const client = (secretKey: string) =>
      new Client({
        endPoint: hostname,
        port: Number(port),
        useSSL: false,
        accessKey: server.accessKey,
        secretKey,
      });
    await client(server.secretKey).makeBucket('media');
    expect((await client(server.secretKey).listBuckets()).map(({ name }) => name)).toEqual(['media']);
    await expect(client('wrong').listBuckets()).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
    await server.stop();
    expect(await isListening(Number(port))).toBe(false);
  });
});

describe('the servers of a process', () => {
  const owner = fileURLToPath(new URL('fixtures/owner.ts', import.meta.url));

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('are gone after its %s', async (signal) => {
    const folder = join(dir, `owner-${signal}`);
    const child = spawn(process.execPath, [owner, folder], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { pids, ports } = JSON.parse(line) as { pids: number[]; ports: number[] };
    const listening = () => Promise.all(ports.map(isListening));
    expect(processesOf(folder)).toEqual(expect.arrayContaining(pids));
    expect(await listening()).toEqual(ports.map(() => true));

    child.kill(signal);

    const timeout = 20_000;
    await vi.waitFor(async () => expect(await listening()).toEqual(ports.map(() => false)), { timeout });
    await vi.waitFor(() => expect(processesOf(folder)).toEqual([]), { timeout });
  });
});
