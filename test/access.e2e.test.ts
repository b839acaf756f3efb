import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AccessWord, createAccess } from '@heavy/access';
import { type Envelope, isOf, redisKeys, telegramRaw } from '@heavy/contracts';
import type { SayOptions, WorldChat, WorldMessage, WorldUser } from '@heavy/local-telegram';
import { type ServiceProcess, type Stack, startStack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStage, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;
let redis: Redis;
let access: ReturnType<typeof createAccess>;
/** All that the door has let through, also what it did twice. */
let taken: Envelope[];
/** The one that has the session. */
let gateway: ServiceProcess;
let mallory: WorldUser;
/** Has no username. */
let dave: WorldUser;

/** What the door has let nobody have, each with the chat's marker behind it; looked at once more when all is over. */
const ignored: WorldMessage[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({
    ...{ dir, services: ['gateway', 'sender', 'media-pirate'], replicas: { gateway: 2 } },
    // alice is the admin.
    serviceEnv: { gateway: { OPEN_TO: 'nobody' } },
  });
  mallory = stack.world.addUser('mallory');
  dave = stack.world.addUser('dave', { username: null });
  for (const chat of stack.chats) for (const user of [mallory, dave]) chat.admit(user);
  stage = await createStage(stack);
  redis = new Redis(stack.redis.url, { maxRetriesPerRequest: null });
  // A test stops the server under it.
  redis.on('error', () => undefined);
  access = createAccess(redis);
  taken = (await stage.takes(telegramRaw.type)).taken;
  gateway = await owner();
}, 300_000);

afterAll(async () => {
  redis?.disconnect();
  await stage?.close();
  await stack?.stop();
  await rm(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  const keys = await Promise.all(['access:*', 'rate:*'].map((pattern) => redis.keys(pattern)));
  if (keys.flat().length > 0) await redis.del(keys.flat());
});

const gateways = () => stack.services.filter(({ name }) => name.startsWith('gateway'));
const owner = () =>
  vi.waitFor(
    async () => {
      for (const one of gateways()) {
        const page = await fetch(`${one.url}/telegram/session/status`).catch(() => undefined);
        if (((await page?.json()) as { state?: string } | undefined)?.state === 'owner') return one;
      }
      throw new Error('nobody has the session');
    },
    { timeout: 30_000, interval: 50 },
  );

const filmClub = (): WorldChat => stack.chats[0]!;
const cinema = (): WorldChat => stack.chats[1]!;
const user = (name: string): WorldUser => stack.world.user(name);
const privately = (name: string): WorldChat => stack.world.privateChat(user(name), stack.account);

interface Place extends SayOptions {
  in?: WorldChat;
}
const says = (by: string, text: string, { in: chat = filmClub(), ...options }: Place = {}): WorldMessage =>
  user(by).in(chat).says(text, options);
/** What somebody is told. */
const reads = async (by: string, text: string, place?: Place): Promise<string> =>
  (await stage.answer(says(by, text, place))).text;
const whoami = (by: string, place?: Place) => reads(by, '.whoami', place);

/** Has an admin change something, and says what they read. */
const change = async (text: string, place?: Place, by = 'alice'): Promise<string> => {
  const said = await reads(by, text, place);
  expect(said, text).not.toMatch(/^Nothing has changed|\(id [0-9a-f]{8}\)$/u);
  return said;
};

const rawsOf = (message: WorldMessage) => {
  const { chatId, messageId } = stage.originOf(message);
  return taken.filter(
    (event) =>
      isOf(telegramRaw, event) && event.data.chat.id === chatId && event.data.message.id === messageId,
  );
};

/** Needs no media: media-pirate answers that there is no link in it. */
const command = '.vdl';
const served = /^There is no link in that\./u;

const isServed = async (by: string, place?: Place): Promise<WorldMessage> => {
  const asked = says(by, command, place);
  expect((await stage.answer(asked)).text, `${by} in ${asked.chat.title}`).toMatch(served);
  return asked;
};

/** What was typed has come to nothing when what the account typed after it in the same chat has been answered. */
const cameToNothing = async (...messages: WorldMessage[]): Promise<void> => {
  ignored.push(...messages);
  for (const chat of new Set(messages.map((message) => message.chat)))
    await stage.answer(stack.account.in(chat).says(command));
  expect(messages.flatMap(rawsOf)).toEqual([]);
  expect(messages.flatMap(stage.answers).map(String)).toEqual([]);
};
const isIgnored = async (by: string, place?: Place): Promise<WorldMessage> => {
  const asked = says(by, command, place);
  await cameToNothing(asked);
  return asked;
};

/** Until Redis has let go of it. */
const runsOut = (key: string) =>
  vi.waitFor(async () => expect(await redis.exists(key)).toBe(0), { timeout: 40_000, interval: 10 });

const until = String.raw`until \d+ \w{3} \d{4}, \d\d:\d\d UTC`;
const withId = String.raw` \(id [0-9a-f]{8}\)$`;

describe('what an admin says', () => {
  it('is in force after another gateway has taken the session over', async () => {
    expect(await reads('alice', '.bless @bob')).toMatch(/^@bob may use the commands everywhere/u);
    expect(await reads('alice', '.hammer @carol 1h')).toMatch(/^@carol may not use the commands anywhere/u);
    expect(await reads('alice', '.grace', { in: cinema() })).toMatch(/^Everybody in this chat/u);
    const smite = says('alice', '.smite', { in: privately('alice') });
    await gateway.kill();
    const [bobs, carols] = [says('bob', command), says('carol', command, { in: cinema() })];
    const daves = says('dave', command, { in: cinema() });
    for (const one of [bobs, daves]) expect((await stage.answer(one)).text).toMatch(served);
    await cameToNothing(carols);
    gateway = await owner();
    expect((await stage.answer(smite)).text).toMatch(/^Nobody in this chat but admins/u);
    expect((await access.audit({ limit: 9 })).map(({ word }) => word).toSorted()).toEqual([
      'bless',
      'grace',
      'hammer',
      'smite',
    ]);
    expect(await whoami('carol')).toMatch(new RegExp(`^You are banned: .*, ${until} \\(59 minutes`, 'u'));
    expect(await whoami('dave', { in: cinema() })).toMatch(/^This chat is graced:/u);
    expect(await reads('alice', '.hammer @bob')).toMatch(/^@bob may not use the commands anywhere any more/u);
    await isIgnored('bob');
  });
});

describe('a command is served', () => {
  it('of admins, whatever is said of them or of the chat, and of the account itself', async () => {
    // No word does that; an import of what was said before they became admins could.
    const nobodys = { by: 0, chatId: 0 };
    await access.change({
      ...nobodys,
      id: '1',
      word: 'hammer',
      target: { kind: 'user', id: user('alice').id },
    });
    await change('.smite');
    await isServed('alice');
    expect(await whoami('alice')).toMatch(
      /^You are an admin: you may use every command, without a limit\.\n/u,
    );
    expect(await whoami('heavy')).toMatch(/^You are an admin/u);
    await isServed('heavy');
    await isServed('alice', { in: privately('alice') });
  });

  it.each<[what: string, said: string[], may: boolean, whoami: RegExp]>([
    [
      'not of somebody of whom nothing is said',
      [],
      false,
      /^You are unmolested: .* not open to everybody here\.\n/u,
    ],
    [
      'of everybody in a chat that is graced',
      ['.grace'],
      true,
      /^This chat is graced: everybody here may use/u,
    ],
    [
      'of somebody blessed',
      ['.bless @bob'],
      true,
      /^You are blessed: you may use the commands in this chat and/u,
    ],
    ['of somebody blessed in a graced chat', ['.grace', '.bless @bob'], true, /^You are blessed:/u],
    ['not in a chat that is smitten', ['.smite'], false, /^This chat is smitten: nobody but admins/u],
    ['not of somebody blessed in a smitten chat', ['.bless @bob', '.smite'], false, /^This chat is smitten/u],
    ['not of somebody banned', ['.hammer @bob'], false, /^You are banned: an admin has decided/u],
    ['not of somebody banned in a graced chat', ['.grace', '.hammer @bob'], false, /^You are banned/u],
    ['not of somebody banned in a smitten chat', ['.smite', '.hammer @bob'], false, /^You are banned/u],
    ['of whoever was banned and then blessed', ['.hammer @bob', '.bless @bob'], true, /^You are blessed/u],
    ['in a chat that was smitten and then graced', ['.smite', '.grace'], true, /^This chat is graced/u],
    ['not of whoever was pardoned', ['.bless @bob', '.pardon @bob'], false, /^You are unmolested/u],
    [
      'in a graced chat of a banned one who was pardoned',
      ['.grace', '.hammer @bob', '.pardon @bob'],
      true,
      /graced/u,
    ],
    [
      'of somebody blessed in a pardoned chat',
      ['.smite', '.bless @bob', '.pardon'],
      true,
      /^You are blessed/u,
    ],
    ['not in a chat that was graced and then pardoned', ['.grace', '.pardon'], false, /^You are unmolested/u],
  ])('%s', async (_, said, may, is) => {
    for (const word of said) await change(word);
    await (may ? isServed : isIgnored)('bob');
    expect(await whoami('bob')).toMatch(is);
  });

  it('everywhere of somebody blessed, and nowhere of somebody banned', async () => {
    const places = () => [filmClub(), cinema(), privately('bob')];
    await isIgnored('bob', { in: privately('bob') });
    await change('.bless @bob', { in: privately('alice') });
    for (const place of places()) await isServed('bob', { in: place });
    await change('.hammer @bob', { in: cinema() });
    for (const place of places()) await isIgnored('bob', { in: place });
    expect(await whoami('bob', { in: privately('bob') })).toMatch(
      new RegExp(`^You are banned: .*\\.\nYour id: ${user('bob').id}, this chat: ${user('bob').id}$`, 'u'),
    );
  });

  it('in the graced chat and in no other', async () => {
    await change('.grace');
    await isServed('carol');
    await isIgnored('carol', { in: cinema() });
    await isIgnored('carol', { in: privately('carol') });
  });

  it('of nobody where what is said of them or of the chat is unreadable', async () => {
    await change('.bless @bob');
    await change('.grace', { in: cinema() });
    await redis.set(redisKeys.accessUser(user('bob').id), '{"standing":"blessed"}');
    await redis.del(redisKeys.accessChat(cinema().id));
    await redis.rpush(redisKeys.accessChat(cinema().id), 'graced');
    await isIgnored('bob');
    await isIgnored('carol', { in: cinema() });
    await isServed('alice', { in: cinema() });
    await change('.grace', { in: cinema() });
    await isServed('carol', { in: cinema() });
  });

  it('in private, where the account graces that chat', async () => {
    expect(await change('.grace', { in: privately('bob') }, 'heavy')).toMatch(/from now on\.$/u);
    await isServed('bob', { in: privately('bob') });
    await isIgnored('bob');
    const replyTo = says('bob', 'hello', { in: privately('bob') });
    const place = { in: privately('bob'), replyTo };
    expect(await change('.hammer 1h', place, 'heavy')).toMatch(/ may not use the commands anywhere until /u);
    await isIgnored('bob', { in: privately('bob') });
  });
});

describe('.whoami', () => {
  it('answers in the topic that it was asked in', async () => {
    for (const title of ['Trailers', 'General']) {
      const answer = await stage.answer(user('bob').in(cinema(), { topic: title }).says('.whoami'));
      expect(answer.topic?.title).toBe(title);
      expect(answer.text).toMatch(
        new RegExp(`\nYour id: ${user('bob').id}, this chat: ${cinema().id}$`, 'u'),
      );
    }
  });

  it('changes nothing, whatever stands after it', async () => {
    expect(await reads('bob', '.WhoAmI @alice 30d')).toMatch(/^You are unmolested/u);
    expect(await access.audit({ limit: 1 })).toEqual([]);
  });
});

describe('a word about somebody', () => {
  it('names them by @username, by id, by reply, or by a mention where they have no username', async () => {
    const mention = { entities: [{ type: 'mention_name' as const, offset: 7, length: 4, userId: dave.id }] };
    expect(await reads('alice', '.bless Dave 30d', mention)).toMatch(
      new RegExp(`^“Dave” may use the commands everywhere ${until} \\(30 days\\)\\.$`, 'u'),
    );
    expect(await reads('alice', '.Bless @BOB')).toBe('@BOB may use the commands everywhere from now on.');
    expect(await reads('alice', `.bless ${user('carol').id} 1d 12h`)).toMatch(
      new RegExp(`^User ${user('carol').id} may use .* ${until} \\(1 day 12 hours\\)\\.$`, 'u'),
    );
    const written = says('mallory', 'what is this?');
    expect(await reads('alice', '.bless 2w', { replyTo: written })).toMatch(
      new RegExp(`^“Mallory” \\(${mallory.id}\\) may use .* ${until} \\(14 days\\)\\.$`, 'u'),
    );
    for (const name of ['dave', 'bob', 'carol', 'mallory']) await isServed(name);
  });

  it('goes by what it names, also where it is a reply to somebody else', async () => {
    const replyTo = says('carol', command);
    await cameToNothing(replyTo);
    await change('.hammer @bob 1h', { replyTo });
    expect(await whoami('bob')).toMatch(/^You are banned/u);
    expect(await whoami('carol')).toMatch(/^You are unmolested/u);
  });

  it('is about the whole chat, or lacks somebody, where it is in a topic and replies to nothing', async () => {
    const inTopic = (text: string) => user('alice').in(cinema(), { topic: 'Trailers' }).says(text);
    expect((await stage.answer(inTopic('.grace'))).text).toMatch(/^Everybody in this chat/u);
    expect((await stage.answer(inTopic('.hammer'))).text).toMatch(/^Say whom/u);
    expect((await stage.answer(inTopic('.pardon'))).text).toMatch(/^This chat is no longer graced/u);
  });

  it('waits as long as Telegram does not tell who has the name', async () => {
    stack.telegram.faults.add({ method: 'contacts.ResolveUsername', error: [420, 'FLOOD_WAIT_1'] });
    expect(await reads('alice', '.bless @bob')).toBe('@bob may use the commands everywhere from now on.');
    expect(await access.audit({ limit: 9 })).toHaveLength(1);
  });

  it('holds against one that was said before it, however late that is carried out', async () => {
    stack.telegram.faults.add({ method: 'contacts.ResolveUsername', delayMs: 1000 });
    const bless = says('alice', '.bless @bob');
    const hammer = says('alice', `.hammer ${user('bob').id}`);
    for (const one of [hammer, bless]) await stage.answer(one);
    expect(await whoami('bob')).toMatch(/^You are banned/u);
  });

  it('says what came before it, and which word lifts it', async () => {
    expect(await reads('alice', '.hammer @bob')).toBe(
      '@bob may not use the commands anywhere any more. Lift it with .pardon @bob.',
    );
    expect(await reads('alice', '.pardon @bob')).toBe('@bob is no longer banned, and is like anybody else.');
    expect(await reads('alice', '.pardon @bob')).toBe(
      '@bob was neither blessed nor banned, and is like anybody else.',
    );
    expect(await reads('alice', '.smite')).toBe(
      'Nobody in this chat but admins may use the commands any more. Lift it with .pardon.',
    );
    expect(await reads('alice', '.bless @bob')).toMatch(
      /^@bob may .* Not in this chat, though: it is smitten/u,
    );
    expect(await reads('alice', '.pardon')).toBe('This chat is no longer smitten: it is like any other.');
  });

  it.each<[string, RegExp, ('bob' | 'alice')?]>([
    ['.bless', /^Say whom: reply with the command to a message of theirs, or name them/u],
    ['.hammer 15m', /^Say whom: /u],
    ['.bless @nobody_has_it 1h', /^“@nobody_has_it” is nobody that Telegram knows\. Check the name/u],
    ['.bless @bob 5 parsecs', /^“5 parsecs” is not a duration\. A duration looks like 90s, 15m, 1h30m/u],
    ['.bless @bob 30', /^“30” is not a duration\./u],
    ['.grace 0s', /^“0s” is not a duration\./u],
    ['.grace 99999999w', /^“99999999w” is not a duration\. .* of ten years at most/u],
    ['.hammer @alice', /^That is an admin\. Who is one is set in the configuration/u],
    ['.hammer @heavy', /^That is an admin\./u],
    ['.hammer ', /^That is an admin\./u, 'alice'],
    ['.pardon', /^That is an admin\./u, 'alice'],
    ['.hammer 99', /^“99” is not a duration\./u, 'bob'],
  ])('that cannot be obeyed is answered with a sentence: %s', async (text, sentence, author) => {
    const options = author ? { replyTo: says(author, 'hello') } : {};
    const said = await reads('alice', text, options);
    expect(said).toMatch(sentence);
    expect(said).toMatch(new RegExp(withId, 'u'));
    expect(await access.audit({ limit: 1 })).toEqual([]);
    expect(await access.list()).toEqual([]);
  });

  it.each(['.grace @bob', '.smite @bob', '.pardon @bob 1h', '.bless @bob @carol'])(
    'that is used for something else says what it is for: %s',
    async (text) => {
      expect(await reads('alice', text)).toMatch(/^Nothing has changed: /u);
      expect(await access.audit({ limit: 1 })).toEqual([]);
    },
  );

  it('is for admins: whoever else may use the commands is told so, and all others nothing', async () => {
    const words: AccessWord[] = ['grace', 'smite', 'bless', 'hammer', 'pardon'];
    await cameToNothing(...words.map((word) => says('bob', `.${word} @carol`)));
    await change('.bless @bob');
    for (const word of words)
      expect(await reads('bob', `.${word} @bob`)).toMatch(
        new RegExp(`^Only an admin can say who may use the commands\\.${withId}`, 'u'),
      );
    expect(await access.audit({ limit: 9 })).toHaveLength(1);
  });
});

describe('what ends by itself', () => {
  it('ends at once and everywhere: a blessing', async () => {
    expect(await reads('alice', '.bless @bob 3s')).toMatch(/\(3 seconds\)\.$/u);
    expect(await whoami('bob')).toMatch(
      new RegExp(`^You are blessed: .*, ${until} \\([1-3] seconds?\\)\\.`, 'u'),
    );
    await isServed('bob');
    await runsOut(redisKeys.accessUser(user('bob').id));
    await isIgnored('bob');
    await isIgnored('bob', { in: cinema() });
    expect(await whoami('bob')).toMatch(/^You are unmolested/u);
  });

  it('ends at once and everywhere: a ban, and the grace of the chat is in force again', async () => {
    await change('.grace');
    await change('.hammer @bob 2s');
    await isIgnored('bob');
    await runsOut(redisKeys.accessUser(user('bob').id));
    await isServed('bob');
  });

  it('ends at once: the grace of a chat, and not what is said of somebody in it', async () => {
    expect(await reads('alice', '.grace 3s')).toMatch(/^Everybody in this chat .*\(3 seconds\)\.$/u);
    await change('.bless @carol');
    await isServed('bob');
    await runsOut(redisKeys.accessChat(filmClub().id));
    await isIgnored('bob');
    await isServed('carol');
  });

  it('ends later where it is said again, and never where it is said without an end', async () => {
    await change('.bless @bob 1s');
    await change('.bless @bob');
    expect(await redis.pttl(redisKeys.accessUser(user('bob').id))).toBe(-1);
    expect(await whoami('bob')).toMatch(
      /^You are blessed: you may use the commands in this chat and elsewhere\.\n/u,
    );
  });
});

describe('a username that changes hands', () => {
  it('takes along nothing of what was said of whoever had it', async () => {
    const bob = user('bob');
    await change('.bless @bob');
    bob.rename('bobby');
    mallory.rename('bob');
    try {
      await isIgnored('mallory');
      await isServed('bob');
      expect(await reads('alice', '.hammer @bob')).toMatch(/^@bob may not use the commands anywhere/u);
      expect(await whoami('mallory')).toMatch(/^You are banned/u);
      await isServed('bob');
      expect(await reads('alice', '.pardon @bob')).toMatch(/^@bob is no longer banned/u);
      expect(await whoami('bob')).toMatch(/^You are blessed/u);
      expect(await reads('alice', '.hammer @bobby 1h')).toMatch(/^@bobby may not use/u);
      await isIgnored('bob');
      mallory.rename(null);
      expect(await reads('alice', '.bless @bob')).toMatch(/^“@bob” is nobody that Telegram knows/u);
      expect(
        (await access.audit({ limit: 9 })).map(({ word, target, name }) => [word, target.id, name]),
      ).toEqual([
        ['hammer', bob.id, '@bobby'],
        ['pardon', mallory.id, '@bob'],
        ['hammer', mallory.id, '@bob'],
        ['bless', bob.id, '@bob'],
      ]);
    } finally {
      mallory.rename('mallory');
      bob.rename('bob');
    }
  });
});

describe('an edit', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const edited = (by: string, before: string, after: string, date: number, chat = filmClub()) => {
    const message = says(by, before, { in: chat, date });
    user(by).edits(message, after);
    return message;
  };

  it.each([
    ['group', filmClub],
    ['supergroup', cinema],
    ['private chat', () => privately('alice')],
  ])('makes a command of a message within a minute, and not after that: in a %s', async (_, place) => {
    const late = edited('alice', 'hello', command, now() - 62, place());
    const soon = edited('alice', 'hello', command, now() - 30, place());
    expect((await stage.answer(soon)).text).toMatch(served);
    await cameToNothing(late);
  });

  it('of a command that ran does not run again, nor does a reaction', async () => {
    const asked = await isServed('alice');
    user('alice').edits(asked, '.whoami');
    user('bob').reacts(asked, '👍');
    const refused = await isIgnored('bob');
    await change('.bless @bob');
    user('carol').reacts(refused, '👎');
    await cameToNothing(refused);

    await gateway.stop();
    user('alice').edits(asked, '.vdl nonsense');
    user('bob').reacts(asked, '🔥');
    user('alice').reacts(refused, '🔥');
    const missed = says('bob', command);
    const soon = edited('bob', 'hello', command, now() - 10);
    const late = edited('bob', 'hello', command, now() - 70);
    await gateway.start();
    for (const one of [missed, soon]) expect((await stage.answer(one)).text).toMatch(served);
    await cameToNothing(refused, late);
    expect(rawsOf(asked)).toHaveLength(1);
    expect((await stage.answer(asked)).text).toMatch(served);
  });

  it('runs what somebody was not allowed to use, once they may', async () => {
    const refused = await isIgnored('bob');
    ignored.splice(ignored.indexOf(refused), 1);
    await change('.bless @bob');
    user('bob').edits(refused, `${command} `);
    expect((await stage.answer(refused)).text).toMatch(served);
  });
});

describe('heavy access', () => {
  const heavy = async (...args: string[]) => {
    const script = new URL('../packages/cli/src/main.ts', import.meta.url).pathname;
    const env = { PATH: process.env['PATH'], REDIS_URL: stack.redis.url };
    return await promisify(execFile)(process.execPath, [script, 'access', ...args], { env });
  };

  it('shows what was done in the chat, and brings it back after Redis has lost it', async () => {
    const [alice, bob, carol] = [user('alice'), user('bob'), user('carol')];
    await change('.grace', { in: cinema() });
    await change('.smite');
    await change('.bless @bob 30d');
    await change('.hammer @mallory 1h');
    await change('.pardon @mallory', {}, 'heavy');
    await change('.hammer @carol', {}, 'heavy');

    const rows = (out: string) => out.trim().split('\n').slice(1);
    const minute = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d`;
    const list = await heavy('list');
    expect(rows(list.stdout)).toEqual([
      expect.stringMatching(
        new RegExp(`^user +${bob.id} +@bob +blessed +${minute} +${minute} +${alice.id}$`, 'u'),
      ),
      expect.stringMatching(
        new RegExp(`^user +${carol.id} +@carol +banned +for ever +${minute} +${stack.account.id}$`, 'u'),
      ),
      expect.stringMatching(new RegExp(`^chat +${cinema().id} +graced +for ever`, 'u')),
      expect.stringMatching(new RegExp(`^chat +${filmClub().id} +smitten +for ever`, 'u')),
    ]);
    expect(list.stderr).toBe('2 users, 2 chats\n');

    const audit = rows((await heavy('audit')).stdout);
    expect(
      audit.map((row) =>
        /(?:grace|smite|bless|hammer|pardon) +\w+ +-?\d+/u.exec(row)?.[0].replace(/ +/gu, ' '),
      ),
    ).toEqual([
      `hammer user ${carol.id}`,
      `pardon user ${mallory.id}`,
      `hammer user ${mallory.id}`,
      `bless user ${bob.id}`,
      `smite chat ${filmClub().id}`,
      `grace chat ${cinema().id}`,
    ]);

    const file = join(dir, 'access.json');
    await heavy('export', file);
    const before = await access.list();
    await redis.del(await redis.keys('access:*'));
    await isIgnored('bob', { in: cinema() });
    await isIgnored('carol', { in: filmClub() });
    expect((await heavy('import', file)).stderr).toMatch(
      /^4 restored, 0 unchanged, 0 left out as ended, 0 removed$/mu,
    );
    expect(await access.list()).toEqual(before);
    await isServed('bob', { in: cinema() });
    await isServed('dave', { in: cinema() });
    await isIgnored('bob');
    await isIgnored('carol', { in: cinema() });
    expect(await whoami('bob', { in: cinema() })).toMatch(
      new RegExp(`^You are blessed: .*, ${until} \\(30 days\\)`, 'u'),
    );
    expect((await heavy('audit', '--user', String(bob.id))).stdout).toMatch(/ import {2}bless /u);
  });
});

/** With a limit of three commands in 30 s, five of somebody blessed. */
const openToEveryone = async () => {
  const limits = { RATE_LIMIT_WINDOW: '30s', RATE_LIMIT_UNMOLESTED: '3', RATE_LIMIT_BLESSED: '5' };
  if (gateway.env['OPEN_TO'] !== 'everyone') await gateway.restart({ OPEN_TO: 'everyone', ...limits });
};

describe('OPEN_TO', () => {
  it('private: serves anybody in private, and nobody else of whom nothing is said', async () => {
    await gateway.restart({ OPEN_TO: 'private' });
    await isServed('bob', { in: privately('bob') });
    expect(await whoami('bob', { in: privately('bob') })).toMatch(
      /^You are unmolested: .* are open to everybody here\./u,
    );
    await isIgnored('bob');
    expect(await whoami('bob')).toMatch(/^You are unmolested: .* are not open to everybody here\./u);
    await change('.bless @carol');
    await isServed('carol');
    await change('.hammer @bob');
    await isIgnored('bob', { in: privately('bob') });
    await change('.smite', { in: privately('dave') }, 'heavy');
    await isIgnored('dave', { in: privately('dave') });
  });

  it('everyone: serves anybody who is not banned in any chat that is not smitten', async () => {
    await openToEveryone();
    for (const place of [filmClub(), cinema(), privately('bob')]) await isServed('bob', { in: place });
    await change('.hammer @bob');
    await isIgnored('bob');
    await change('.smite');
    await isIgnored('carol');
    await isServed('carol', { in: cinema() });
    expect(await reads('dave', '.hammer @alice', { in: cinema() })).toMatch(/^Only an admin can say who/u);
  });
});

describe('while Redis is away', () => {
  beforeAll(openToEveryone);

  it('a command waits, and then nobody is served who may not be', async () => {
    await change('.hammer @bob');
    await change('.smite', { in: cinema() });
    await stack.redis.stop();
    const banned = says('bob', command);
    const smitten = says('dave', command, { in: cinema() });
    const open = says('carol', command);
    await stack.redis.start();
    expect((await stage.answer(open)).text).toMatch(served);
    await cameToNothing(banned, smitten);
  });
});

describe('the limit of requests', () => {
  beforeAll(openToEveryone);

  const requestsLeft = (text: string) =>
    /You have (\d+ of \d+) requests left(; all \d+ are back in \d+ seconds)?\./u.exec(text);

  it('is told by .whoami, and what is refused does not count', async () => {
    const here = { in: cinema() };
    await change('.smite');
    await isIgnored('carol');
    expect(requestsLeft(await whoami('carol', here))?.slice(1)).toEqual(['3 of 3', undefined]);
    await isServed('carol', here);
    says('carol', '.nobody knows that', here);
    expect(requestsLeft(await whoami('carol', here))?.slice(1)).toEqual([
      '2 of 3',
      expect.stringMatching(/; all 3/u),
    ]);
    await change('.bless @carol');
    expect(requestsLeft(await whoami('carol', here))?.[1]).toBe('4 of 5');
  });

  it('is one sentence, then silence, then a new window; over the death of the gateway', async () => {
    const commands = [await isServed('bob'), await isServed('bob')];
    for (let n = 0; n < 8; n++) commands.push(says('bob', command, { in: n % 2 ? cinema() : filmClub() }));
    await gateway.kill();
    await gateway.start();
    const answers = () => commands.flatMap(stage.answers).map(({ text }) => text);
    await vi.waitFor(() => expect(answers().length).toBe(4), { timeout: 30_000, interval: 50 });
    const key = redisKeys.rate(user('bob').id);
    expect(await redis.pttl(key), 'the window is over').toBeGreaterThan(2000);
    await isServed('carol');
    for (let n = 0; n < 6; n++) await isServed('alice');
    await cameToNothing(says('bob', command), says('bob', command, { in: cinema() }));

    const polite = 'That is more than I do for one person at a time\\. Ask again in (\\d+) seconds?\\.';
    const [refusal] = answers().filter((text) => !served.test(text));
    const [, seconds] = new RegExp(`^${polite}${withId}`, 'u').exec(refusal ?? '') ?? [];
    expect(Number(seconds), refusal).toBeGreaterThan(0);
    expect(Number(seconds)).toBeLessThanOrEqual(30);
    expect(requestsLeft(await whoami('bob'))?.[1]).toBe('0 of 3');
    await runsOut(key);
    await isServed('bob');
    expect(answers().filter((text) => served.test(text))).toHaveLength(3);
    expect(answers()).toHaveLength(4);
    expect(new Set(commands.flatMap(rawsOf).map(({ id }) => id)).size).toBe(3);
  });
});

describe('after all of it', () => {
  it('nothing has come of what was ignored, and everything else has had one answer', async () => {
    await stage.idle();
    expect(ignored.flatMap(rawsOf)).toEqual([]);
    expect(ignored.flatMap(stage.answers).map(String)).toEqual([]);
    const answers = [...stage.shown.keys()].filter(({ deleted, replyTo }) => !deleted && replyTo);
    const byCommand = Map.groupBy(answers, ({ replyTo }) => replyTo);
    expect([...byCommand.values()].filter((all) => all.length > 1).map(String)).toEqual([]);
    expect(
      answers.map(({ text }) => text).filter((text) => /undefined|NaN|null|\[object/u.test(text)),
    ).toEqual([]);
    expect(stack.telegram.overlaps).toEqual([]);
  });
});
