import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { type LocalTelegram, startLocalTelegram, type WorldUser } from '@heavy/local-telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createAccount,
  type Logger,
  type LogInMethod,
  type LogInPrompts,
  logIn,
  sessionFingerprint,
} from '../src/index.ts';

const privateKeyPem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

let dc: LocalTelegram;
let heavy: WorldUser;
let told: string[];
let logged: string[];
const note = (...line: unknown[]) => void logged.push(inspect(line, { depth: 9 }));
const log: Logger = { debug: note, info: note, warn: note, error: note };
beforeEach(async () => {
  told = [];
  logged = [];
  dc = await startLocalTelegram({ privateKeyPem });
  heavy = dc.world.addUser('heavy');
});
afterEach(() => dc.close());

const asked = vi.fn<(what: string, detail?: string) => void>();
afterEach(() => asked.mockClear());

/** A person who gives these answers, in turn. */
const person = (answers: {
  phone?: string[];
  code?: string[];
  password?: string[];
  onLink?: (url: string) => void;
}): LogInPrompts => {
  const next = (what: 'phone' | 'code' | 'password', detail?: string): Promise<string> => {
    asked(what, detail);
    const answer = answers[what]?.shift();
    return answer === undefined
      ? Promise.reject(new Error(`nobody answers: ${what}`))
      : Promise.resolve(answer);
  };
  return {
    phone: () => next('phone'),
    code: (sentBy) => next('code', sentBy),
    password: (hint) => next('password', hint),
    showLink: (url) => {
      asked('link');
      answers.onLink?.(url);
    },
    tell: (sentence) => void told.push(sentence),
  };
};

const questions = () => asked.mock.calls.map(([what]) => what);

const run = (
  method: LogInMethod,
  prompts: LogInPrompts,
  options: { signal?: AbortSignal; callTimeoutMs?: number } = {},
) =>
  logIn({
    ...{ method, prompts, apiId: 1, apiHash: 'hash', endpoint: dc.endpoint, log },
    signal: new AbortController().signal,
    ...options,
  });

const whoIs = async (session: string) => {
  const account = createAccount({ session, apiId: 1, apiHash: 'hash', endpoint: dc.endpoint, log });
  try {
    return await account.connect();
  } finally {
    await account.close();
  }
};

/** Both sessions are heavy's, and two. */
const expectTwo = async (sessions: readonly string[], user = heavy) => {
  expect(new Set(sessions.map(sessionFingerprint)).size).toBe(2);
  for (const session of sessions) expect((await whoIs(session)).id).toBe(user.id);
};

/** The accounts of which a session was ended by its own client. */
const loggedOut = () =>
  dc.calls.filter(({ method }) => method === 'auth.LogOut').map(({ account }) => account);

describe('logIn', () => {
  it('logs in by a code once, and lets the second session in without asking', async () => {
    const { account, sessions } = await run(
      { by: 'code' },
      person({ phone: [heavy.phone], code: ['12345'] }),
    );
    expect(questions()).toEqual(['phone', 'code']);
    expect(asked).toHaveBeenLastCalledWith('code', 'app');
    expect(account).toMatchObject({ id: heavy.id, username: 'heavy', isBot: false });
    expect(account.maskedPhone).not.toContain(heavy.phone.slice(3, 8));
    await expectTwo(sessions);
    expect(told).toEqual([]);
  });

  it('asks for a code again that was wrong, however it was typed', async () => {
    const prompts = person({ code: ['54321', ' 1 23-45 '] });
    const { sessions } = await run({ by: 'code', phone: heavy.phone }, prompts);
    expect(questions()).toEqual(['code', 'code']);
    expect(told).toEqual(['That is not the code.']);
    await expectTwo(sessions);
  });

  it('has the code sent another way where none is given', async () => {
    await run({ by: 'code', phone: heavy.phone }, person({ code: ['', '12345'] }));
    expect(asked.mock.calls).toEqual([
      ['code', 'app'],
      ['code', 'sms'],
    ]);
  });

  it('has a new code sent where that one has expired', async () => {
    dc.faults.add({ method: 'auth.SignIn', error: [400, 'PHONE_CODE_EXPIRED'] });
    await run({ by: 'code', phone: heavy.phone }, person({ code: ['12345', '12345'] }));
    expect(told).toEqual(['That code is not good any more.']);
    expect(dc.calls.filter(({ method }) => method === 'auth.SendCode')).toHaveLength(2);
  });

  it('ends after three wrong codes', async () => {
    const prompts = person({ code: ['1', '2', '3', '12345'] });
    await expect(run({ by: 'code', phone: heavy.phone }, prompts)).rejects.toMatchObject({
      ...{ name: 'LogInFailed', code: 'PHONE_CODE_INVALID', message: 'That is not the code.' },
    });
    expect(questions()).toEqual(['code', 'code', 'code']);
  });

  it('asks for a phone number again that is none', async () => {
    const prompts = person({ phone: ['+49 30 1', heavy.phone], code: ['12345'] });
    await run({ by: 'code', phone: '12' }, prompts);
    expect(questions()).toEqual(['phone', 'phone', 'code']);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/^Telegram does not take this for a phone number/);
  });

  it('proves the password, and for the second session by itself', async () => {
    heavy.password = 'correct horse';
    const prompts = person({ code: ['12345'], password: ['wrong', 'correct horse'] });
    const { sessions } = await run({ by: 'code', phone: heavy.phone }, prompts);
    expect(questions()).toEqual(['code', 'password', 'password']);
    expect(told).toEqual(['That is not the password.']);
    await expectTwo(sessions);
  });

  it('ends after three wrong passwords', async () => {
    heavy.password = 'correct horse';
    const prompts = person({ code: ['12345'], password: ['1', '2', '3', 'correct horse'] });
    await expect(run({ by: 'code', phone: heavy.phone }, prompts)).rejects.toThrow(
      'That is not the password.',
    );
    expect(questions()).toEqual(['code', 'password', 'password', 'password']);
  });

  it('takes the same password for a question that is put anew', async () => {
    heavy.password = 'correct horse';
    dc.faults.add({ method: 'auth.CheckPassword', error: [400, 'SRP_ID_INVALID'] });
    const prompts = person({ code: ['12345'], password: ['correct horse'] });
    await run({ by: 'code', phone: heavy.phone }, prompts);
    expect(questions()).toEqual(['code', 'password']);
  });

  it('logs in by a QR code', async () => {
    const { sessions, account } = await run(
      { by: 'qr' },
      person({ onLink: (url) => heavy.acceptsLogin(url) }),
    );
    expect(account.username).toBe('heavy');
    expect(questions()).toEqual(['link']);
    await expectTwo(sessions);
  });

  it('asks for the password after the QR code', async () => {
    heavy.password = 'correct horse';
    const prompts = person({ onLink: (url) => heavy.acceptsLogin(url), password: ['correct horse'] });
    const { sessions } = await run({ by: 'qr' }, prompts);
    expect(questions()).toEqual(['link', 'password']);
    await expectTwo(sessions);
  });

  it('shows a new link before the old one expires, and knows it when it is accepted', async () => {
    const links: string[] = [];
    const onLink = (url: string) => {
      links.push(url);
      if (links.length > 1) return heavy.acceptsLogin(url);
      // What is waited for from here on is the end of the token's 30 seconds.
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      setImmediate(() => void vi.advanceTimersByTimeAsync(28_000).then(() => vi.useRealTimers()));
    };
    try {
      await expectTwo((await run({ by: 'qr' }, person({ onLink }))).sessions);
    } finally {
      vi.useRealTimers();
    }
    expect(new Set(links).size).toBe(2);
  });

  it('goes on over a new connection while it waits', async () => {
    const links: string[] = [];
    const running = run({ by: 'qr' }, person({ onLink: (url) => void links.push(url) }));
    await vi.waitFor(() => expect(links).toHaveLength(1), { timeout: 10_000 });
    dc.dropConnections();
    await vi.waitFor(() => expect(links).toHaveLength(2), { timeout: 10_000 });
    heavy.acceptsLogin(links.at(-1)!);
    await expectTwo((await running).sessions);
  });

  it('repeats a call whose answer was lost', async () => {
    dc.faults.add({ method: 'auth.SendCode', drop: 'after' });
    const { sessions } = await run({ by: 'code', phone: heavy.phone }, person({ code: ['12345'] }));
    await expectTwo(sessions);
  });

  it('logs a bot in by its token, twice', async () => {
    const bot = dc.world.addUser('helper_bot', { bot: true });
    const { account, sessions } = await run({ by: 'bot-token', token: bot.botToken }, person({}));
    expect(account).toMatchObject({ id: bot.id, isBot: true });
    expect(questions()).toEqual([]);
    await expectTwo(sessions, bot);
  });

  it('goes to the data centre that it is sent to', async () => {
    dc.faults.add({ method: 'auth.SendCode', error: [303, 'PHONE_MIGRATE_2'] });
    const { sessions } = await run({ by: 'code', phone: heavy.phone }, person({ code: ['12345'] }));
    await expectTwo(sessions);
  });

  it('asks once more where Telegram lets no session in by another', async () => {
    dc.faults.add({ method: 'auth.AcceptLoginToken', error: [400, 'AUTH_TOKEN_EXCEPTION'] });
    heavy.password = 'correct horse';
    const prompts = person({ code: ['12345', '12345'], password: ['correct horse'] });
    const { sessions } = await run({ by: 'code', phone: heavy.phone }, prompts);
    expect(questions()).toEqual(['code', 'password', 'code']);
    expect(told).toEqual([
      'Telegram lets no session in by another (AUTH_TOKEN_EXCEPTION): please do it once more.',
    ]);
    await expectTwo(sessions);
  });

  it('refuses two accounts, and leaves neither logged in', async () => {
    const alice = dc.world.addUser('alice');
    dc.faults.add({ method: 'auth.AcceptLoginToken', error: [400, 'AUTH_TOKEN_EXCEPTION'] });
    const scanning = [heavy, alice];
    const prompts = person({ onLink: (url) => scanning.shift()?.acceptsLogin(url) });
    await expect(run({ by: 'qr' }, prompts)).rejects.toMatchObject({ code: 'OTHER_ACCOUNT' });
    expect(loggedOut()).toEqual(expect.arrayContaining(['heavy', 'alice']));
  });

  it('logs out what was logged in when the person gives up', async () => {
    const giveUp = new AbortController();
    dc.faults.add({ method: 'auth.AcceptLoginToken', swallow: true });
    const running = run({ by: 'code', phone: heavy.phone }, person({ code: ['12345'] }), {
      signal: giveUp.signal,
    });
    const outcome = expect(running).rejects.toThrow('enough');
    await vi.waitFor(() => expect(dc.calls.at(-1)?.method).toBe('auth.AcceptLoginToken'), {
      timeout: 10_000,
    });
    giveUp.abort(new Error('enough'));
    await outcome;
    expect(loggedOut()).toContain('heavy');
  });

  it('says for how long Telegram wants a pause', async () => {
    dc.faults.add({ method: 'auth.SendCode', error: [420, 'FLOOD_WAIT_3700'] });
    await expect(run({ by: 'code', phone: heavy.phone }, person({}))).rejects.toThrow(
      'Telegram wants a pause: try again in 62 minutes.',
    );
  });

  it.each([
    ['PHONE_NUMBER_BANNED', 'Telegram has banned this phone number.'],
    ['SOMETHING_NEW', 'Telegram refuses it: SOMETHING_NEW.'],
  ])('says in a sentence what Telegram answers with: %s', async (code, sentence) => {
    dc.faults.add({ method: 'auth.SendCode', error: [400, code] });
    await expect(run({ by: 'code', phone: heavy.phone }, person({}))).rejects.toMatchObject({
      ...{ code, message: sentence },
    });
  });

  it('says that Telegram cannot be reached', async () => {
    await dc.close();
    await expect(run({ by: 'code', phone: heavy.phone }, person({}), { callTimeoutMs: 600 })).rejects.toThrow(
      'Telegram cannot be reached.',
    );
  });

  it('ends at once while it waits for a server that says nothing', async () => {
    dc.blackhole = true;
    const giveUp = new AbortController();
    const running = run({ by: 'qr' }, person({}), { signal: giveUp.signal });
    giveUp.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  it('logs nothing of what was typed, or of the sessions', async () => {
    heavy.password = 'correct horse';
    dc.faults.add({ method: 'auth.SendCode', drop: 'after' });
    const prompts = person({ code: ['54321', '12345'], password: ['wrong horse', 'correct horse'] });
    const { sessions } = await run({ by: 'code', phone: heavy.phone }, prompts);
    expect(logged.length).toBeGreaterThan(20);
    const all = [...told, ...logged].join('\n');
    for (const secret of [
      heavy.phone,
      '12345',
      '54321',
      'horse',
      'hash',
      ...sessions.map((one) => one.slice(30, 60)),
    ])
      expect(all).not.toContain(secret);
  });
});
