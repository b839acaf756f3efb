import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LogRecord, logRoutingKey, logsExchange, logsQueue } from '@heavy/contracts';
import { endAll, startProcess } from '@heavy/service/testing';
import { createVhost, type Vhost } from '@heavy/stack';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { openLogReader } from '../src/log-query.ts';

const main = new URL('../src/main.ts', import.meta.url);
const logs = fileURLToPath(new URL('../src/logs.ts', import.meta.url));
/** On a busy machine a process takes seconds to start. */
const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, 20_000);
const first = 'aaaaaaaa-0000-4000-8000-000000000001';
const second = 'aaaaaaab-0000-4000-8000-000000000002';

let dir: string;
let path: string;
let vhost: Vhost;
let model: ChannelModel;
let channel: ConfirmChannel;
let commands: ChildProcess[];

beforeEach(async () => {
  commands = [];
  dir = mkdtempSync(join(tmpdir(), 'heavy-logger-'));
  path = join(dir, 'logs.db');
  vhost = await createVhost(inject('rabbitmq'));
  model = await connect(vhost.url);
  channel = await model.createConfirmChannel();
});
afterEach(async () => {
  for (const command of commands) command.kill('SIGKILL');
  await endAll();
  await model.close();
  await vhost.drop();
  rmSync(dir, { recursive: true });
});

const startLogger = async () => {
  const logger = startProcess(main, {
    RABBITMQ_URL: vhost.url,
    REDIS_URL: inject('redis').url,
    LOGS_DB: path,
  });
  await logger.says('ready');
  await eventually(async () => expect((await logger.get('/ready')).status).toBe(200));
  return logger;
};

const log = (msg: string, more: Partial<LogRecord> = {}): void => {
  const record = { time: Date.now(), level: 'info', service: 'gateway', msg, ...more } as const;
  channel.publish(
    logsExchange,
    logRoutingKey(record.service, record.level),
    Buffer.from(JSON.stringify(record)),
  );
};

const stored = (): LogRecord[] => {
  if (!existsSync(path)) return [];
  const reader = openLogReader(path);
  try {
    return reader.newest({}, 100_000).map((line) => line.record);
  } finally {
    reader.close();
  }
};
const messagesOf = (service: string) =>
  stored()
    .filter((record) => record.service === service)
    .map((record) => record.msg);

const startCommand = (...args: string[]) => {
  const child = spawn(process.execPath, [logs, '--db', path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  commands.push(child);
  const result = { child, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    result.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    result.err += text;
  });
  return result;
};
const runCommand = async (...args: string[]) => {
  const command = startCommand(...args);
  const [code] = await once(command.child, 'close');
  return { code, out: command.out, err: command.err };
};

describe('logger', () => {
  it('stores lines in order, its own among them, and malformed ones as warnings', async () => {
    await startLogger();
    for (let n = 0; n < 1200; n += 1) log(`line ${n}`, { time: 1_000_000_000_000 });
    channel.publish(logsExchange, 'logs.rogue.info', Buffer.from('no JSON'));
    log('last');
    await eventually(() => expect(messagesOf('gateway')).toHaveLength(1201));
    expect(messagesOf('gateway')).toEqual([...Array.from({ length: 1200 }, (_, n) => `line ${n}`), 'last']);
    await eventually(() => expect(messagesOf('logger')).toContain('ready'));
    expect(stored().find((record) => record.msg === 'malformed log line')).toMatchObject({
      level: 'warn',
      service: 'logger',
      routingKey: 'logs.rogue.info',
      body: 'no JSON',
    });
  });

  it('loses nothing when it is killed in the midst and started again', async () => {
    const logger = await startLogger();
    for (let n = 0; n < 3000; n += 1) log(`line ${n}`);
    await eventually(() => expect(messagesOf('gateway').length).toBeGreaterThan(0));
    logger.signal('SIGKILL');
    await logger.exit;
    for (let n = 3000; n < 3100; n += 1) log(`line ${n}`);
    await channel.waitForConfirms();
    await startLogger();
    // A line may be there twice: it was stored, and the logger died before it said so.
    await eventually(() => expect(new Set(messagesOf('gateway')).size).toBe(3100));
  });

  it('stores and acknowledges what it has in hand when it stops', async () => {
    const logger = await startLogger();
    for (let n = 0; n < 50; n += 1) log(`line ${n}`);
    await channel.waitForConfirms();
    await eventually(() => expect(messagesOf('gateway').length).toBeGreaterThan(0));
    logger.signal('SIGTERM');
    expect(await logger.exit).toBe(0);
    const kept = messagesOf('gateway').length;
    const left = await channel.checkQueue(logsQueue.name);
    await startLogger();
    await eventually(() => expect(messagesOf('gateway')).toHaveLength(50));
    expect(kept).toBeGreaterThan(0);
    expect(left.consumerCount).toBe(0);
  });

  it('comes back after its queue was deleted', async () => {
    await startLogger();
    await channel.deleteQueue(logsQueue.name);
    await eventually(async () => {
      log('after');
      await channel.waitForConfirms();
      expect(messagesOf('gateway')).toContain('after');
    });
  });
});

describe('npm run logs', () => {
  it('says how to get logs where there are none', async () => {
    expect(await runCommand()).toEqual({
      code: 1,
      out: '',
      err: expect.stringMatching(/^There is no file .*: the logger makes it/),
    });
  });

  it('explains itself, and what it does not understand', async () => {
    expect(await runCommand('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--correlation <id>'),
    });
    expect(await runCommand('--level', 'loud')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"loud"'),
    });
  });

  it('shows one command in order, by its id or the beginning of it', async () => {
    await startLogger();
    const time = Date.now();
    log('sent', { time: time + 2, service: 'sender', correlationId: first });
    log('received', { time, correlationId: first, chatId: 7 });
    log('downloaded', { time: time + 1, service: 'media-pirate', correlationId: first, level: 'warn' });
    log('another', { correlationId: second });
    await eventually(() => expect(messagesOf('gateway')).toHaveLength(2));

    const { code, out, err } = await runCommand('--correlation', first.slice(0, 8));
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').map((line) => line.slice(13))).toEqual([
      'gateway      INFO  received  chatId=7',
      'media-pirate WARN  downloaded',
      'sender       INFO  sent',
      '',
    ]);
    const warnings = await runCommand('--correlation', first, '--level', 'warn', '--json');
    expect(JSON.parse(warnings.out)).toMatchObject({ msg: 'downloaded', correlationId: first });
    expect((await runCommand('--service', 'sender', '--limit', '1')).out).toContain(
      'sent  correlation=aaaaaaaa',
    );

    const ambiguous = await runCommand('--correlation', 'aaaaaa');
    expect(ambiguous).toMatchObject({ code: 1, out: '' });
    expect(ambiguous.err).toContain(first);
    expect(ambiguous.err).toContain(second);
    expect(await runCommand('--correlation', 'ffffff')).toEqual({
      code: 1,
      out: '',
      err: 'No line has a correlation id that begins with ffffff.\n',
    });
  });

  it('follows until Ctrl-C, also a command that is yet to come', async () => {
    await startLogger();
    log('before', { correlationId: second });
    await eventually(() => expect(messagesOf('gateway')).toHaveLength(1));
    const all = startCommand('--follow', '--service', 'gateway');
    const one = startCommand('--follow', '--correlation', first);
    await eventually(() => expect(all.out).toContain('before'));
    await eventually(() => expect(one.err).toContain('waiting for it'));
    log('after one', { correlationId: first });
    await eventually(() => expect(one.out).toContain('after one'));
    log('after two', { correlationId: first });
    await eventually(() => expect(one.out).toContain('after two'));
    await eventually(() => expect(all.out).toContain('after two'));
    expect(one.out).not.toContain('before');
    for (const { child } of [all, one]) {
      const closed = once(child, 'close');
      child.kill('SIGINT');
      expect(await closed).toEqual([0, null]);
    }
    expect(all.out.match(/after two/g)).toHaveLength(1);
  });
});
