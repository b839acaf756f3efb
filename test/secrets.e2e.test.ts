import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { telegramReply } from '@heavy/contracts';
import { type BotApi, startBotApi } from '@heavy/local-telegram';
import { announce, freePort, type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { newSessionKey, openSession, parseSessionKey, sealSession } from '@heavy/telegram';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createSecretSearch } from './secret-search.ts';
import { createStage, type Stage } from './stage.ts';
import { heavy, heavyTyped, type Printed } from './terminal.ts';

const apiHash = randomBytes(16).toString('hex');
const key = newSessionKey();
const nextKey = newSessionKey();
const phone = '4915550108642';
const logInPhone = '4915550108699';
const password = `canary-${randomBytes(12).toString('hex')}`;
const wrongPassword = `wrong-${randomBytes(12).toString('hex')}`;
const botToken = randomBytes(26).toString('base64url');
const botsKey = randomBytes(24).toString('base64url');

const search = createSecretSearch();
search.add('api hash', apiHash);
search.add('session key', parseSessionKey(key) as Buffer);
search.add('next session key', parseSessionKey(nextKey) as Buffer);
search.add('phone number', phone);
search.add('phone number at the log-in', logInPhone);
search.add('password', password);
search.add('wrong password', wrongPassword);
search.add('bot token', botToken);
search.add('key of the HTTP API', botsKey);

/** The end of a GramJS session string is the key that it is about. */
const keepSecret = (name: string, session: string): string => {
  search.add(`auth key of ${name}`, Buffer.from(session.slice(1), 'base64').subarray(-256));
  const sealed = sealSession(session, parseSessionKey(key));
  search.add(`sealed session of ${name}`, sealed.split('.').at(-1) ?? '');
  return sealed;
};

let dir: string;
let home: string;
let stack: Stack;
let stage: Stage;
let botApi: BotApi;
/** Everything that was printed or answered, by where it came from. */
const said: { from: string; text: string }[] = [];
const note = async (from: string, printed: Promise<Printed>): Promise<Printed> => {
  const result = await printed;
  said.push({ from, text: result.text });
  return result;
};

const holders = () => [stack.service('gateway'), stack.service('sender')];

/** Asks each service for all that it shows. */
const look = async (): Promise<void> => {
  const pages = ['/health', '/ready', '/metrics', '/telegram/session/status', '/%ff', '/?token=x'];
  await Promise.all(
    stack.services
      .filter(({ running }) => running)
      .flatMap(({ name, url }) =>
        pages.map(async (page) => {
          const response = await fetch(`${url}${page}`);
          const headers = JSON.stringify([...response.headers]);
          said.push({ from: `${name}${page}`, text: `${headers}\n${await response.text()}` });
        }),
      ),
  );
};

/** Sessions of their own, sealed, as `npm run login` makes them. */
const newSessions = async (): Promise<void> => {
  for (const service of holders())
    await service.restart({
      TELEGRAM_SESSION: keepSecret(service.name, stack.world.mintSession(stack.account)),
      HEAVY_SESSION_KEY: key,
    });
};

/** What a careless line of code would do at the worst time: everything that the process knows is in the error. */
const careless = `
  process.on('SIGUSR2', () => {
    const secrets = { env: process.env, list: Object.entries(process.env) };
    const cause = new Error(JSON.stringify(secrets));
    const error = Object.assign(new Error('could not use ' + process.env.CANARY, { cause }), secrets);
    if (process.env.CRASH === 'rejection') void Promise.reject(error);
    else throw error;
  });
`;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-secrets-'));
  home = await mkdtemp(join(tmpdir(), 'heavy-secrets-home-'));
  const settings = { TELEGRAM_API_HASH: apiHash, LOG_LEVEL: 'trace', RETRY_DELAYS_MS: '50' };
  stack = await startStack({ dir, serviceEnv: { gateway: settings, sender: settings } });
  for (const { name, env } of holders()) keepSecret(`${name}, plain`, env['TELEGRAM_SESSION'] ?? '');
  Object.assign(stack.account, { phone });
  stage = await createStage(stack);
  botApi = await startBotApi(stack.world);
  // It keeps a copy of all that passes.
  const model = await connect(stack.rabbitmq.url);
  const channel = await model.createChannel();
  await channel.assertQueue('canary.tap');
  for (const exchange of ['heavy', 'heavy.logs', 'heavy.dead'])
    await channel.bindQueue('canary.tap', exchange, '#');
  await model.close();
}, 120_000);

afterAll(async () => {
  await stage?.close();
  await botApi?.close();
  await stack?.stop();
  for (const folder of [dir, home]) await rm(folder, { recursive: true, force: true });
});

describe('secrets', () => {
  it('are found by this search where there are any', async () => {
    const planted = createSecretSearch();
    const bytes = randomBytes(64);
    planted.add('text', 'Canary"of/the+mine=');
    planted.add('short', '5550108642');
    planted.add('bytes', bytes);
    for (const text of [
      'so: Canary"of/the+mine=',
      JSON.stringify(JSON.stringify({ text: 'Canary"of/the+mine=' })),
      `…${Buffer.from('xCanary"of/the+mine=').toString('base64')}`,
      'Canary"of/the+min',
    ])
      expect(planted.inText(text)).toEqual(['text']);
    expect(planted.inText('+15550108642')).toEqual(['short']);
    for (const text of [
      ...(['hex', 'base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding).slice(9, 30)),
      ...[JSON.stringify(bytes), JSON.stringify(new Uint8Array(bytes)), JSON.stringify([...bytes], null, 1)],
      ...[bytes.toString('hex').toUpperCase(), inspect({ bytes })],
    ])
      expect(planted.inText(text)).toEqual(['bytes']);
    expect(planted.inText('Canary"of/t 555010864 0a1b2c3d4e5f 1,2,3,4,5,6,7,8')).toEqual([]);

    const redis = new Redis(stack.redis.url);
    await redis.set('canary', bytes);
    expect(await planted.inFiles(dir)).not.toEqual([]);
    await redis.set('canary', 'nothing');
    await redis.bgrewriteaof();
    await vi.waitFor(async () => expect(await planted.inFiles(dir)).toEqual([]), 30_000);
    await redis.del('canary');
    redis.disconnect();
  });

  it('are used by commands, access words, and what cannot be handled', async () => {
    await newSessions();
    await look();
    const chat = stack.chats[0]!;
    const { world } = stack;
    const clip = `${stack.site.url}/clip.mp4?canary`;
    const words = [
      '.whoami',
      '.grace 1h',
      '.bless @bob 1h',
      '.hammer @carol 90x',
      '.smite nonsense',
      '.pardon @nobody',
    ];
    for (const text of [...words, `.vdl ${clip}`, '.vdl http://10.0.0.1/x', '.why'])
      await stage.answer(world.user('alice').in(chat).says(text));
    await stage.put({ ...JSON.parse('{"specversion":"1.0"}'), data: { chatId: 1 } }, telegramReply.type);
    await stage.put(Buffer.from('no JSON'), telegramReply.type);
    await look();
  });

  it('are given for bots, and used by their applications', async () => {
    const bot = stack.world.addUser('quiz_bot', {
      bot: true,
      id: 8_000_001,
      botToken: `8000001:${botToken}`,
    });
    const alice = stack.world.user('alice');
    alice.starts(bot);
    const port = await freePort();
    await stack.service('sender').restart({
      ...{ BOTS: 'true', BOTS_API_KEY: botsKey, BOTS_API_PORT: String(port), BOT_API_ROOT: botApi.url },
    });
    const ask = async (method: string, path: string, body?: object, bearer = botsKey): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body && { 'content-type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      said.push({ from: `${method} ${path}`, text: await response.text() });
      return response.status;
    };
    const token = bot.botToken;
    expect(await ask('POST', '/v1/bots', { token })).toBe(202);
    const messages = `/v1/bots/${bot.id}/messages`;
    await vi.waitFor(async () => expect(await ask('GET', `/v1/bots/${bot.id}`)).toBe(200));
    for (const chatId of [alice.id, 5]) await ask('POST', messages, { chat_id: chatId, text: 'hello' });
    const chat = stack.world.privateChat(alice, bot);
    await vi.waitFor(() => expect(chat.messages().map(({ text }) => text)).toEqual(['hello']));
    // A key that is nearly right, a token that is no longer accepted, and what cannot be read.
    expect(await ask('GET', '/v1/bots', undefined, `${botsKey.slice(0, -1)}~`)).toBe(401);
    Object.assign(bot, { botToken: '8000001:another' });
    await ask('POST', messages, { chat_id: alice.id, text: 'not yet' });
    await ask('POST', '/v1/bots', { token, x: 1 });
    await ask('GET', `/v1/bots?token=${botToken}`);
    const sender = stack.service('sender');
    await vi.waitFor(async () => {
      const health = await (await fetch(`${sender.url}/health`)).text();
      expect(health).toContain('does not accept the bot');
    });
    await look();
    expect(await ask('DELETE', `/v1/bots/${bot.id}`)).toBeLessThan(300);
    await sender.restart({ BOTS: 'false', BOTS_API_KEY: '' });
  });

  it('are held while Telegram is away', async () => {
    stack.telegram.blackhole = true;
    stack.telegram.dropConnections();
    await vi.waitFor(async () => {
      const { status } = await fetch(`${stack.service('sender').url}/ready`);
      expect(status).toBe(503);
    }, 30_000);
    await look();
    stack.telegram.blackhole = false;
    stack.telegram.dropConnections();
    await vi.waitFor(async () => {
      for (const { url } of holders()) expect((await fetch(`${url}/ready`)).status).toBe(200);
    }, 30_000);
  });

  it.each(['AUTH_KEY_UNREGISTERED', 'SESSION_REVOKED', 'USER_DEACTIVATED'] as const)(
    'are refused by Telegram with %s',
    async (code) => {
      stack.telegram.revokeSessions(stack.account, code);
      stack.telegram.dropConnections();
      await vi.waitFor(async () => {
        for (const { url } of holders()) expect((await fetch(`${url}/health`)).status).toBe(503);
      }, 45_000);
      await look();
      await newSessions();
    },
  );

  it.each([
    ['sealed with another key', { HEAVY_SESSION_KEY: nextKey }, ['HEAVY_SESSION_KEY']],
    ['sealed, and no key is given', { HEAVY_SESSION_KEY: '' }, ['HEAVY_SESSION_KEY']],
    ['sealed, and the key is none', { HEAVY_SESSION_KEY: nextKey.slice(0, 40) }, ['HEAVY_SESSION_KEY']],
    [
      'missing',
      { TELEGRAM_API_ID: '', TELEGRAM_API_HASH: '', TELEGRAM_SESSION: '' },
      [...['TELEGRAM_API_ID', 'TELEGRAM_API_HASH', 'TELEGRAM_SESSION']],
    ],
  ])('are %s: each service ends with 78, and names all that is at fault', async (_, changes, names) => {
    for (const service of holders()) {
      const before = { ...service.env };
      const start = service.restart(changes);
      await expect(start).rejects.toThrow('exit code 78');
      const reason = String(await start.catch((error: unknown) => error));
      for (const name of names) expect(reason).toContain(`${service.name}: ${name}: `);
      await service.restart(before);
    }
  });

  it('are damaged, which ends the start', async () => {
    const service = stack.service('gateway');
    const sealed = service.env['TELEGRAM_SESSION'] ?? '';
    const damaged = `${sealed.slice(0, 60)}${sealed[60] === 'A' ? 'B' : 'A'}${sealed.slice(61)}`;
    await expect(service.restart({ TELEGRAM_SESSION: damaged })).rejects.toThrow('exit code 78');
    await service.restart({ TELEGRAM_SESSION: sealed });
  });

  it.each(['exception', 'rejection'])('are in an uncaught %s', async (how) => {
    const crash = async (service: ServiceProcess) => {
      const CANARY = stack.world.mintSession(stack.account);
      keepSecret(`a careless ${service.name}`, CANARY);
      const options = `--import=data:text/javascript,${encodeURIComponent(careless)}`;
      await service.restart({ NODE_OPTIONS: options, CRASH: how, CANARY });
      process.kill(service.pid, 'SIGUSR2');
      await vi.waitFor(() => expect(service.running).toBe(false), 20_000);
      await service.restart({ NODE_OPTIONS: '', CRASH: '', CANARY: '' });
    };
    for (const service of holders()) await crash(service);
    const lines = await stage.logLines((line) => line.includes('could not use'));
    expect(lines.length).toBeGreaterThanOrEqual(2);
  });

  it('are typed in at the log-in, looked at, and sealed anew', async () => {
    const { world, telegram } = stack;
    world.addUser('logging_in', { phone: logInPhone, password });
    const { host, port, publicKeyPem } = telegram.endpoint;
    const env = {
      ...{ TELEGRAM_API_ID: '1', TELEGRAM_API_HASH: apiHash, HEAVY_SESSION_KEY: key },
      ...{ TELEGRAM_ENDPOINT: `${host}:${port}`, TELEGRAM_ENDPOINT_KEY: publicKeyPem },
    };
    mkdirSync(join(home, '.heavy', 'data'), { recursive: true });
    announce(join(home, '.heavy', 'data'), { REDIS_URL: stack.redis.url });
    const login = ['login', '--phone', logInPhone, '--dir', home];
    const typed = [
      ['Code that', '54321\r'],
      ['not the code', ''],
      ['Code that', '12345\r'],
    ] as const;
    const right = [
      ['Password', `${wrongPassword}\r`],
      ['not the password', ''],
      ['Password', `${password}\r`],
    ] as const;
    const loggedIn = await note('login', heavyTyped(login, env, [...typed, ...right]));
    expect([loggedIn.code, loggedIn.text]).toEqual([0, expect.stringContaining('Logged in as @logging_in')]);
    for (const name of ['gateway', 'sender']) {
      const sealed = readFileSync(join(home, '.heavy', 'sessions', `${name}.session`), 'utf8');
      search.add(`sealed session of the log-in, ${name}`, sealed.trim().split('.').at(-1) ?? '');
      keepSecret(`the log-in, ${name}`, openSession(sealed, [parseSessionKey(key)]));
    }
    const qr = ['login', '--qr', '--replace', '--dir', home];
    const interrupted = await note(
      'login --qr',
      heavyTyped(qr, env, [
        ['[y/N]', 'y\r'],
        ['Scan it', '\x03'],
      ]),
    );
    expect([interrupted.code, interrupted.text]).toEqual([130, expect.stringContaining('█')]);
    const run = (words: string[], more = {}) =>
      note(words.join(' '), heavy([...words, '--dir', home], { ...env, ...more }));
    expect((await run(['session', 'check'])).code).toBe(0);
    expect((await run(['session', 'check', '--json'])).code).toBe(0);
    await stack.service('sender').stop();
    expect((await run(['session', 'check', '--connect'])).text).toContain('@logging_in +49');
    await stack.service('sender').start();
    expect((await run(['session', 'check'], { HEAVY_SESSION_KEY: nextKey })).code).toBe(1);
    expect((await run(['session', 'check'], { HEAVY_SESSION_KEY: key.slice(4) })).code).toBe(1);
    expect((await run(['session', 'rotate-key'], { HEAVY_SESSION_KEY_NEW: nextKey })).code).toBe(0);
    expect((await run(['session', 'check'])).code).toBe(1);
  });

  it('are in nothing that was printed, logged, queued, kept or shown', async () => {
    await look();
    const seen = ({ from, text }: { from: string; text: string }) =>
      search.inText(text).map((name) => `${from}: ${name}`);
    expect(said.flatMap(seen)).toEqual([]);

    const { url, managementUrl } = stack.rabbitmq;
    const { username, password: given, origin } = new URL(managementUrl);
    const authorization = `Basic ${Buffer.from(`${username}:${given}`).toString('base64')}`;
    const vhost = encodeURIComponent(new URL(url).pathname.slice(1) || '/');
    const ask = async (path: string, body?: object): Promise<unknown> => {
      const response = await fetch(`${origin}/api/${path}`, {
        headers: { authorization, 'content-type': 'application/json' },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      });
      return await response.json();
    };
    const queues = (await ask(`queues/${vhost}`)) as { name: string }[];
    const messages = new Map<string, string[]>();
    for (const { name } of queues) {
      const get = { count: 100_000, ackmode: 'ack_requeue_true', encoding: 'auto' };
      const got = (await ask(`queues/${vhost}/${encodeURIComponent(name)}/get`, get)) as object[];
      messages.set(
        name,
        got.map((message) => JSON.stringify(message)),
      );
    }
    expect(messages.get('canary.tap')?.length).toBeGreaterThan(100);
    expect(messages.get('sender.dead')?.length).toBe(2);
    for (const [name, all] of messages)
      expect(all.flatMap((text) => seen({ from: `queue ${name}`, text }))).toEqual([]);

    const redis = new Redis(stack.redis.url);
    const readers: Record<string, (name: string) => Promise<unknown>> = {
      string: (name) => redis.get(name),
      hash: (name) => redis.hgetall(name),
      list: (name) => redis.lrange(name, 0, -1),
      set: (name) => redis.smembers(name),
      zset: (name) => redis.zrange(name, '0', '-1'),
      stream: (name) => redis.xrange(name, '-', '+'),
    };
    const names = await redis.keys('*');
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      const type = await redis.type(name);
      const value = type === 'none' ? null : await readers[type]!(name);
      expect(seen({ from: `redis ${name}`, text: `${name} ${JSON.stringify(value)}` })).toEqual([]);
    }
    redis.disconnect();

    const database = new DatabaseSync(join(dir, 'logs.db'), { readOnly: true });
    const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
    let rows = 0;
    for (const { name } of tables)
      for (const row of database.prepare(`select * from "${String(name)}"`).all()) {
        rows += 1;
        const text = JSON.stringify(row, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        expect(seen({ from: `logs.db ${String(name)}`, text })).toEqual([]);
      }
    database.close();
    expect(rows).toBeGreaterThan(100);

    // The logs of all processes, and the files of RabbitMQ and Redis.
    expect(await search.inFiles(dir)).toEqual([]);
  });
});
