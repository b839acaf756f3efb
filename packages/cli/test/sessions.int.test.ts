import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { redisKeys } from '@heavy/contracts';
import { type LocalTelegram, startLocalTelegram, type WorldUser } from '@heavy/local-telegram';
import { announce } from '@heavy/stack';
import {
  createAccount,
  newSessionKey,
  openBotToken,
  openSession,
  parseSessionKey,
  sealBotToken,
  sealSession,
  sessionFingerprint,
  sessionKeyId,
} from '@heavy/telegram';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { resealBotTokens } from '../src/bot-tokens.ts';
import { runCli } from '../src/cli.ts';
import { silent } from '../src/silent.ts';

/** What was drawn as QR codes. */
const links = vi.hoisted(() => [] as string[]);
vi.mock('uqr', async (original) => {
  const uqr = await original<typeof import('uqr')>();
  const renderUnicodeCompact: typeof uqr.renderUnicodeCompact = (link, options) => {
    links.push(String(link));
    return uqr.renderUnicodeCompact(link, options);
  };
  return { ...uqr, renderUnicodeCompact };
});

const redisUrl = `${inject('redis').url}/14`;
const redis = new Redis(redisUrl);
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const apiHash = 'canary0apihash0canary';
const key = newSessionKey();
const phone = '15550109988';
const password = 'canary password';

let dc: LocalTelegram;
let heavy: WorldUser;
beforeAll(async () => {
  dc = await startLocalTelegram();
  heavy = dc.world.addUser('heavy', { phone });
});
afterAll(async () => {
  await dc.close();
  await redis.quit();
});

let dir: string;
beforeEach(async () => {
  await redis.flushdb();
  heavy.password = undefined;
  dir = mkdtempSync(join(tmpdir(), 'heavy-login-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const variables = (): Record<string, string> => ({
  TELEGRAM_API_ID: '12345678',
  TELEGRAM_API_HASH: apiHash,
  TELEGRAM_ENDPOINT: `${dc.endpoint.host}:${dc.endpoint.port}`,
  TELEGRAM_ENDPOINT_KEY: dc.endpoint.publicKeyPem,
  HEAVY_SESSION_KEY: key,
});

interface Person {
  /** Answers, by the beginning of the question. */
  answers?: Record<string, string[]>;
  /** To yes-or-no questions. */
  yes?: boolean;
  onQuestion?: (question: string) => void;
  signal?: AbortSignal;
  /** Told each line of the talk. */
  onLine?: (line: string) => void;
}

/** All that commands have printed and asked. */
let printed = '';

/** Runs a command in this process. */
const heavyCommand = async (
  words: string[],
  { answers, yes, onLine, onQuestion, signal = new AbortController().signal }: Person = {},
  env = variables(),
) => {
  const known = ['TELEGRAM_API_ID', 'TELEGRAM_API_HASH', 'TELEGRAM_ENDPOINT', 'TELEGRAM_ENDPOINT_KEY'];
  for (const name of [
    ...known,
    'HEAVY_SESSION_KEY',
    'HEAVY_SESSION_KEY_NEW',
    'TELEGRAM_BOT_TOKEN',
    'REDIS_URL',
  ]) {
    vi.stubEnv(name, '');
    vi.stubEnv(`${name}_FILE`, '');
  }
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  let [out, err] = ['', ''];
  const questions: string[] = [];
  const read = async (question: string, { hidden = false } = {}) => {
    questions.push(hidden ? `${question}(hidden)` : question);
    onQuestion?.(question);
    signal.throwIfAborted();
    const [, answer] =
      Object.entries(answers ?? {}).find(([beginning]) => question.startsWith(beginning)) ?? [];
    const next = answer?.shift();
    if (next === undefined) throw new Error(`nobody answers: ${question}`);
    return next;
  };
  const code = await runCli(words, {
    out: (line) => {
      out += `${line}\n`;
    },
    err: (line) => {
      err += `${line}\n`;
      onLine?.(line);
    },
    ask:
      yes === undefined
        ? undefined
        : async (question) => {
            questions.push(question);
            return yes;
          },
    read: answers ? read : undefined,
    signal,
  }).finally(() => vi.unstubAllEnvs());
  printed += `${out}${err}${questions.join('\n')}`;
  return { out, err, code, questions };
};

const fileOf = (name: string) => join(dir, '.heavy', 'sessions', `${name}.session`);
const sealedIn = (name: string) => readFileSync(fileOf(name), 'utf8').trim();
const opened = (name: string, with_ = key) => openSession(sealedIn(name), [parseSessionKey(with_)]);

const ownerOf = async (session: string) => {
  const account = createAccount({ session, apiId: 1, apiHash, endpoint: dc.endpoint, log: silent });
  try {
    return (await account.connect()).username;
  } finally {
    await account.close();
  }
};

/** Two sessions of heavy's, as a log-in leaves them. */
const logIn = () => heavyCommand(['login', '--phone', phone, '--dir', dir], { answers: { Code: ['12345'] } });

describe('heavy login', () => {
  it('logs in by a code and leaves two sealed sessions for this user only', async () => {
    const { out, code, questions } = await heavyCommand(['login', '--dir', dir], {
      answers: { Phone: [phone], Code: ['12345'] },
    });
    expect(code).toBe(0);
    expect(questions).toHaveLength(2);
    expect(out).toContain(`Logged in as @heavy, id ${heavy.id}, +15•••••••88.`);
    expect(out).toContain(sessionKeyId(parseSessionKey(key)));
    expect(out).toContain(fileOf('sender'));
    expect(statSync(fileOf('gateway')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, '.heavy', 'sessions')).mode & 0o777).toBe(0o700);
    const [gateway, sender] = [opened('gateway'), opened('sender')];
    expect(sessionFingerprint(gateway)).not.toBe(sessionFingerprint(sender));
    expect([await ownerOf(gateway), await ownerOf(sender)]).toEqual(['heavy', 'heavy']);
  });

  it('asks again for what is wrong, and shows no password', async () => {
    heavy.password = password;
    const { err, code, questions } = await heavyCommand(['login', '--phone', phone, '--dir', dir], {
      answers: { Code: ['54321', '12345'], Password: ['wrong', password] },
    });
    expect([err, code]).toEqual(['That is not the code.\nThat is not the password.\n', 0]);
    expect(questions.filter((question) => question.endsWith('(hidden)'))).toHaveLength(2);
  });

  it('logs in by a QR code', async () => {
    heavy.password = password;
    const onLine = (line: string) => {
      if (line.startsWith('Scan it')) heavy.acceptsLogin(links.at(-1) ?? '');
    };
    const { code, err } = await heavyCommand(['login', '--qr', '--dir', dir], {
      ...{ onLine, answers: { Password: [password] } },
    });
    expect(code).toBe(0);
    expect(err.split('\n').length).toBeGreaterThan(15);
    expect(err).not.toContain('tg://');
    expect(await ownerOf(opened('sender'))).toBe('heavy');
  });

  it('logs a bot in by its token, of the environment, of a question, or of the command line', async () => {
    const bot = dc.world.addUser('helper_bot', { bot: true });
    const env = { ...variables(), TELEGRAM_BOT_TOKEN: bot.botToken };
    const first = await heavyCommand(['login', '--bot-token', '--dir', dir], {}, env);
    expect([first.code, first.questions]).toEqual([0, []]);
    expect(first.out).toContain(`Logged in as the bot @helper_bot, id ${bot.id}.`);
    rmSync(join(dir, '.heavy'), { recursive: true });
    const asked = { answers: { 'Bot token': [bot.botToken] } };
    expect((await heavyCommand(['login', '--bot-token', '--dir', dir], asked)).questions).toEqual([
      'Bot token (not shown): (hidden)',
    ]);
    rmSync(join(dir, '.heavy'), { recursive: true });
    expect((await heavyCommand(['login', '--bot-token', bot.botToken, '--dir', dir])).code).toBe(0);
    expect(printed).not.toContain(bot.botToken);
  });

  it('takes settings from the .env of the folder, and asks for those of the application that are in neither', async () => {
    const { TELEGRAM_API_ID: _, TELEGRAM_API_HASH: __, HEAVY_SESSION_KEY: ___, ...endpoint } = variables();
    writeFileSync(join(dir, 'the.key'), `${key}\n`);
    writeFileSync(join(dir, '.env'), 'HEAVY_SESSION_KEY_FILE=the.key\nTELEGRAM_API_ID=12345678\n');
    const { code, questions } = await heavyCommand(
      ['login', '--phone', phone, '--dir', dir],
      { answers: { api_hash: [apiHash], Code: ['12345'] } },
      endpoint,
    );
    expect([code, questions[0]]).toEqual([0, 'api_hash (not shown): (hidden)']);
    expect(await ownerOf(opened('gateway'))).toBe('heavy');
  });

  it('says how to make a key where there is none, before anything is asked', async () => {
    const { HEAVY_SESSION_KEY: _, ...env } = variables();
    const { code, err, questions } = await heavyCommand(['login', '--dir', dir], { answers: {} }, env);
    expect([code, questions]).toEqual([1, []]);
    expect(err).toContain('npm run heavy -- session new-key <file>');
    expect(err).toContain(`${join(dir, '.env')}:\n  HEAVY_SESSION_KEY_FILE=<file>`);
  });

  it('names a key that is none without showing it', async () => {
    const { code, err } = await heavyCommand(
      ['login', '--dir', dir],
      { answers: {} },
      { ...variables(), HEAVY_SESSION_KEY: 'canary-short-key' },
    );
    expect(code).toBe(1);
    expect(err).toMatch(/^HEAVY_SESSION_KEY: /);
    expect(err).not.toContain('canary-short-key');
  });

  it('replaces sessions that are there only where it is told to, and somebody agrees', async () => {
    await logIn();
    const before = sealedIn('gateway');
    const again = ['login', '--phone', phone, '--dir', dir];
    const answers = () => ({ Code: ['12345'] });
    const refused = await heavyCommand(again, { answers: answers() });
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('--replace makes new ones')]);
    const unsure = await heavyCommand([...again, '--replace'], { answers: answers(), yes: false });
    expect([unsure.code, unsure.err]).toEqual([1, 'Nothing was changed.\n']);
    expect(sealedIn('gateway')).toBe(before);
    expect((await heavyCommand([...again, '--replace'], { answers: answers(), yes: true })).code).toBe(0);
    expect(sessionFingerprint(opened('gateway'))).not.toBe(
      sessionFingerprint(openSession(before, [parseSessionKey(key)])),
    );
  });

  it('leaves nothing where the person gives up, also not at Telegram', async () => {
    heavy.password = password;
    const giveUp = new AbortController();
    let codes = 0;
    // So that a second code is asked for, when the first session is there already.
    dc.faults.add({ method: 'auth.AcceptLoginToken', error: [400, 'AUTH_TOKEN_EXCEPTION'] });
    const calls = dc.calls.length;
    const { code, out } = await heavyCommand(['login', '--phone', phone, '--dir', dir], {
      answers: { Code: ['12345', '12345'], Password: [password] },
      onQuestion: (question) => {
        if (question.startsWith('Code') && codes++ > 0) giveUp.abort(new Error('SIGINT received'));
      },
      signal: giveUp.signal,
    });
    expect([code, out]).toEqual([130, '']);
    expect(readdirSync(join(dir, '.heavy', 'sessions'))).toEqual([]);
    const ended = dc.calls.slice(calls).filter(({ method }) => method === 'auth.LogOut');
    expect(ended.map(({ account }) => account)).toContain('heavy');
  });

  it('leaves nothing where the log-in fails', async () => {
    dc.faults.add({ method: 'auth.SendCode', error: [420, 'FLOOD_WAIT_90'] });
    const { code, err } = await heavyCommand(['login', '--phone', phone, '--dir', dir], { answers: {} });
    expect([code, err]).toEqual([1, 'Telegram wants a pause: try again in 90 seconds.\n']);
    expect((await heavyCommand(['session', 'check', '--dir', dir])).out).toMatch(
      /gateway +missing\nsender +missing/,
    );
  });

  it('says which half of an endpoint is missing', async () => {
    const { TELEGRAM_ENDPOINT_KEY: _, ...env } = variables();
    for (const words of [['login'], ['session', 'check', '--connect']]) {
      const { code, err } = await heavyCommand([...words, '--dir', dir], { answers: {}, yes: true }, env);
      expect([code, err]).toEqual([1, 'TELEGRAM_ENDPOINT_KEY: is not set, and TELEGRAM_ENDPOINT is\n']);
    }
  });

  it.each([
    [['--qr', '--phone', phone], 2, 'Give one of --phone, --qr and --bot-token.'],
    [['now'], 2, '"now" is one word too many.'],
    [[], 1, 'A log-in asks questions, and this is no terminal'],
  ])('refuses %j in a sentence', async (args, code, sentence) => {
    const result = await heavyCommand(['login', '--dir', dir, ...args]);
    expect([result.code, result.err]).toEqual([code, expect.stringContaining(sentence)]);
  });
});

describe('heavy session new-key', () => {
  it('writes a key for this user only, never over another', async () => {
    const file = join(dir, 'heavy.key');
    const { out, code } = await heavyCommand(['session', 'new-key', file]);
    const made = readFileSync(file, 'utf8').trim();
    expect([code, statSync(file).mode & 0o777]).toEqual([0, 0o600]);
    expect(out).toContain(`HEAVY_SESSION_KEY_FILE=${file}`);
    expect(out).toContain(sessionKeyId(parseSessionKey(made)));
    expect(out).not.toContain(made);
    const again = await heavyCommand(['session', 'new-key', file]);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('is there already')]);
    expect(readFileSync(file, 'utf8').trim()).toBe(made);
  });
});

describe('heavy session check', () => {
  const check = (...args: string[]) => ['session', 'check', '--dir', dir, ...args];
  /** The Redis of the environment is that of the repository's own system only. */
  const env = () => ({ ...variables(), REDIS_URL: redisUrl });
  const json = (out: string) =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const announced = () => {
    mkdirSync(join(dir, '.heavy', 'data'), { recursive: true });
    announce(join(dir, '.heavy', 'data'), { REDIS_URL: redisUrl });
  };

  it('tells what the sessions are without showing them', async () => {
    await logIn();
    const { out, code } = await heavyCommand(check('--json'));
    const keyId = sessionKeyId(parseSessionKey(key));
    expect(code).toBe(0);
    expect(json(out)).toEqual(
      ['gateway', 'sender'].map((name) => ({
        ...{ name, file: fileOf(name), state: 'sealed', keyId },
        fingerprint: sessionFingerprint(opened(name)),
      })),
    );
    expect((await heavyCommand(check())).out).toMatch(
      new RegExp(`gateway +sealed +${keyId} +[0-9a-f]{16}\n`),
    );
  });

  it('finds faults: another key, a plain one twice', async () => {
    await logIn();
    const other = await heavyCommand(check(), {}, { ...variables(), HEAVY_SESSION_KEY: newSessionKey() });
    expect(other.code).toBe(1);
    expect(other.out).toMatch(/gateway +unreadable +[0-9a-f]{8}\n/);
    expect(other.err).toContain('is sealed with the key');
    writeFileSync(fileOf('gateway'), opened('sender'));
    const twice = await heavyCommand(check());
    expect([twice.code, twice.out]).toEqual([1, expect.stringMatching(/gateway +plain +[0-9a-f]{16}\n/)]);
    expect(twice.err).toContain('Both files hold the same session');
  });

  it('asks Telegram whose they are, and holds the sessions meanwhile', async () => {
    await logIn();
    announced();
    const { code, out, err } = await heavyCommand(check('--connect'), {}, env());
    expect([code, err]).toEqual([0, '']);
    expect(out.match(new RegExp(`${heavy.id} @heavy \\+15•+88`, 'g'))).toHaveLength(2);
    expect(await redis.keys('telegram:session:*')).toEqual([]);
  });

  it('says so where Telegram refuses one', async () => {
    await logIn();
    announced();
    dc.revokeSessions(heavy, 'SESSION_REVOKED');
    const { code, err } = await heavyCommand(check('--connect'), {}, env());
    expect([code, err]).toEqual([1, expect.stringContaining('SESSION_REVOKED')]);
  });

  it('does not connect while a service has one of the sessions', async () => {
    await logIn();
    announced();
    const held = redisKeys.session(sessionFingerprint(opened('gateway')));
    await redis.set(held, JSON.stringify({ holder: 'gateway@host-7', token: 'x', since: new Date() }));
    const calls = dc.calls.length;
    const gateway = await heavyCommand(check('--connect'), {}, env());
    expect([gateway.code, gateway.err]).toEqual([
      1,
      expect.stringContaining('gateway@host-7 uses the session'),
    ]);
    expect(dc.calls.length).toBe(calls);
    expect(await redis.exists(held)).toBe(1);
    await redis.del(held);
    const sendersKey = redisKeys.session(sessionFingerprint(opened('sender')));
    await redis.set(sendersKey, JSON.stringify({ holder: 'sender@host-8', token: 'x', since: new Date() }));
    const sender = await heavyCommand(check('--connect'), {}, env());
    expect([sender.code, sender.err]).toEqual([1, expect.stringContaining('sender@host-8 uses the session')]);
    await redis.del(sendersKey);
    expect(new Set(dc.calls.slice(calls).map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  it('asks whether nothing uses them where there is no Redis to know it', async () => {
    await logIn();
    const nobody = await heavyCommand(check('--connect'));
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('nobody to ask')]);
    const unsure = await heavyCommand(check('--connect'), { yes: false });
    expect([unsure.code, unsure.err]).toEqual([1, 'They were not connected.\n']);
    const sure = await heavyCommand(check('--connect'), { yes: true });
    expect([sure.code, sure.out]).toEqual([0, expect.stringContaining('@heavy')]);
  });
});

describe('heavy session rotate-key', () => {
  const rotate = () => ['session', 'rotate-key', '--dir', dir];
  const next = newSessionKey();
  const env = () => ({ ...variables(), HEAVY_SESSION_KEY_NEW: next });

  it('seals both with the new key, and they are what they were', async () => {
    await logIn();
    const before = [opened('gateway'), opened('sender')];
    const { code, out } = await heavyCommand(rotate(), {}, env());
    expect(code).toBe(0);
    expect(out).toContain(`Sealed with the key ${sessionKeyId(parseSessionKey(next))} now: the sessions of`);
    expect(out).toContain('no Redis at hand');
    expect([opened('gateway', next), opened('sender', next)]).toEqual(before);
    expect(() => opened('gateway')).toThrow('is sealed with the key');
  });

  it('goes on where it was broken off', async () => {
    await logIn();
    const before = [opened('gateway'), opened('sender')];
    writeFileSync(fileOf('gateway'), sealSession(opened('gateway'), parseSessionKey(next)));
    const half = sealedIn('gateway');
    expect((await heavyCommand(rotate(), {}, env())).code).toBe(0);
    expect(sealedIn('gateway')).toBe(half);
    expect([opened('gateway', next), opened('sender', next)]).toEqual(before);
  });

  it('changes neither where one cannot be opened', async () => {
    await logIn();
    writeFileSync(fileOf('sender'), sealSession(opened('sender'), parseSessionKey(newSessionKey())));
    const before = [sealedIn('gateway'), sealedIn('sender')];
    const { code, err } = await heavyCommand(rotate(), {}, env());
    expect([code, err]).toEqual([1, expect.stringMatching(/sender\.session: .*Nothing was changed\.\n$/)]);
    expect([sealedIn('gateway'), sealedIn('sender')]).toEqual(before);
  });

  describe('with bots in Redis', () => {
    const registry = redisKeys.bots.registry;
    const withBots = () => ({ ...env(), REDIS_URL: redisUrl });
    const tokens = { 42: 'token of 42', 43: 'token of 43' };
    const keepBot = (botId: keyof typeof tokens, sealedBy = key) => {
      const token = sealBotToken(tokens[botId], parseSessionKey(sealedBy));
      return redis.hset(
        registry,
        botId,
        JSON.stringify({ token, isSentLogs: true, username: `bot_${botId}` }),
      );
    };
    const bot = async (botId: keyof typeof tokens) =>
      JSON.parse((await redis.hget(registry, `${botId}`)) ?? '') as { token: string };
    const token = async (botId: keyof typeof tokens) =>
      openBotToken((await bot(botId)).token, [parseSessionKey(next)]);

    it('seals their tokens as well, and changes nothing else of them', async () => {
      await logIn();
      await keepBot(42);
      // Where it was broken off, or a bot was added with the new key since.
      await keepBot(43, next);
      const done = await bot(43);
      const { code, out } = await heavyCommand(rotate(), {}, withBots());
      expect([code, out]).toEqual([0, expect.stringContaining('and the tokens of 2 bots')]);
      expect(await token(42)).toBe(tokens[42]);
      expect(await bot(42)).toMatchObject({ isSentLogs: true, username: 'bot_42' });
      expect(await bot(43)).toEqual(done);
      expect(() => opened('gateway')).toThrow('is sealed with the key');
      expect((await heavyCommand(rotate(), {}, withBots())).code).toBe(0);
      expect(await token(42)).toBe(tokens[42]);
    });

    it('seals the tokens of a sender that has no session', async () => {
      await keepBot(42);
      const { code, out } = await heavyCommand(rotate(), {}, withBots());
      expect([code, out]).toEqual([0, expect.stringContaining('now: the tokens of 1 bot.')]);
      expect(await token(42)).toBe(tokens[42]);
      await redis.del(registry);
      expect((await heavyCommand(rotate(), {}, withBots())).err).toContain('npm run login makes it');
    });

    it('changes nothing where one of them cannot be opened', async () => {
      await logIn();
      await keepBot(42);
      await keepBot(43, newSessionKey());
      const before = await redis.hgetall(registry);
      const session = sealedIn('gateway');
      const { code, err } = await heavyCommand(rotate(), {}, withBots());
      expect([code, err]).toEqual([1, expect.stringMatching(/^Bot 43: .* Nothing was changed\.\n$/)]);
      expect(await redis.hgetall(registry)).toEqual(before);
      expect(sealedIn('gateway')).toBe(session);
    });

    it('does not undo what is done to them meanwhile', async () => {
      await keepBot(42);
      await keepBot(43);
      const connection = new Redis(redisUrl);
      const read = connection.hgetall.bind(connection);
      const reading = vi.spyOn(connection, 'hgetall').mockImplementationOnce(async (name) => {
        const bots = await read(name);
        await redis.hdel(registry, '43');
        return bots;
      });
      expect(await resealBotTokens(connection, parseSessionKey(key), parseSessionKey(next))).toBe(1);
      connection.disconnect();
      expect(reading).toHaveBeenCalledTimes(2);
      expect(Object.keys(await redis.hgetall(registry))).toEqual(['42']);
      expect(await token(42)).toBe(tokens[42]);
    });
  });

  it('wants two keys', async () => {
    await logIn();
    const none = await heavyCommand(rotate());
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('HEAVY_SESSION_KEY_NEW is not set')]);
    const same = await heavyCommand(rotate(), {}, { ...env(), HEAVY_SESSION_KEY_NEW: key });
    expect([same.code, same.err]).toEqual([1, expect.stringContaining('the same one')]);
  });
});

describe('npm run login', () => {
  const run = async (args: string[], env: Record<string, string>) => {
    const child = spawn(process.execPath, [main, 'login', '--dir', dir, ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    printed += `${out}${err}`;
    return { out, err, code: (await ended)[0] as number };
  };

  it('ends by itself as soon as it is done', async () => {
    const bot = dc.world.addUser('other_bot', { bot: true });
    const { out, err, code } = await run(['--bot-token'], {
      ...variables(),
      TELEGRAM_BOT_TOKEN: bot.botToken,
    });
    expect([err, code]).toEqual(['', 0]);
    expect(out).toContain('Logged in as the bot @other_bot');
  });

  it('needs a terminal for its questions', async () => {
    const { out, err, code } = await run([], variables());
    expect([out, code]).toEqual(['', 1]);
    expect(err).toBe(
      'A log-in asks questions, and this is no terminal to ask them in: run npm run login in one.\n',
    );
  });
});

describe('what these commands print', () => {
  it('holds nothing secret', async () => {
    heavy.password = password;
    await heavyCommand(['login', '--phone', phone, '--dir', dir], {
      answers: { Code: ['54321', '12345'], Password: [password] },
    });
    const keys = Buffer.from(opened('gateway').slice(1), 'base64').subarray(-256);
    const secrets = [
      ...[phone, phone.slice(2, -2), '12345\n', '54321', password, 'canary', apiHash, key],
      ...[opened('gateway').slice(20, 60), opened('sender').slice(20, 60), sealedIn('gateway').slice(40, 80)],
      ...[keys.toString('hex').slice(0, 32), Buffer.from(key, 'base64').toString('hex')],
    ];
    expect(printed.length).toBeGreaterThan(1000);
    for (const secret of secrets) expect(printed).not.toContain(secret);
  });
});
