import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Envelope,
  envelope,
  headers,
  telegramDelete,
  telegramEdit,
  telegramRaw,
  telegramReact,
  telegramReply,
  telegramSendFailed,
  telegramSent,
  videoDownload,
  videoReady,
} from '@heavy/contracts';
import type { WorldMessage } from '@heavy/local-telegram';
import { type Stack, startStack } from '@heavy/stack';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, isStatus, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;

const shortLadder = { RETRY_DELAYS_MS: '200,400' };
const graceMs = 4000;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({
    dir,
    serviceEnv: {
      // alice is the admin.
      gateway: { OPEN_TO: 'nobody' },
      'media-pirate': {
        ...{ PROGRESS_INTERVAL_MS: '300', DOWNLOADS_AT_ONCE: '2', SHUTDOWN_GRACE_MS: String(graceMs) },
        ...shortLadder,
      },
      sender: { STATUS_INTERVAL_MS: '300', ...shortLadder },
    },
  });
  // It is held where a test wants it to be slow.
  stack.site.throttle('/slow.mp4', null);
  stage = await createStage(stack);
}, 300_000);

afterAll(async () => {
  await stage?.close();
  await stack?.stop();
  await rm(dir, { recursive: true, force: true });
});

afterEach(() => {
  stack.telegram.faults.clear();
  stack.site.release('/slow.mp4');
});

const filmClub = () => stack.chats[0]!;
const cinema = () => stack.chats[1]!;
const alice = () => stack.world.user('alice');
const says = (text: string) => alice().in(filmClub()).says(text);

let takes = 0;
/** An address that was not asked for before. */
const address = (path: string): string => {
  takes += 1;
  return `${stack.site.url}${path}?take=${takes}`;
};
const isVideo = (message: WorldMessage) => expect(message.media).toMatchObject({ kind: 'video' });
/** The same event once more, as a queue may give it. */
const repeat = (event: Envelope) => stage.put(event, event.type);

describe('what is a command', () => {
  it('is what the account types itself', async () => {
    isVideo(await stage.onlyAnswer(stack.account.in(filmClub()).says(`.vdl ${address('/clip.mp4')}`)));
  });

  it('is never what it answers, whatever that reads like', async () => {
    const url = address('/clip.mp4');
    const asked = says('any message');
    const origin = stage.originOf(asked);
    const id = await stage.broker.publish(telegramReply, { origin, text: `.vdl ${url}` });
    const { data } = await stage.hears(telegramSent, ({ commandId }) => commandId === id);
    const answer = await stage.answer(asked);
    expect(data.messageIds).toEqual([answer.idFor(stack.account)]);
    const target = { ...origin, messageId: answer.idFor(stack.account) };
    const { userId, ...edited } = target;
    const edit = await stage.broker.publish(telegramEdit, { target: edited, text: ` .vdl ${url}&again` });
    await stage.hears(telegramSent, ({ commandId }) => commandId === edit);
    await stage.pastGateway(filmClub());
    const raw = stage.heard.filter(({ type }) => type === telegramRaw.type);
    expect(raw.filter((event) => JSON.stringify(event).includes(url))).toEqual([]);
  });

  it('is only what those who may use commands type', async () => {
    const url = address('/clip.mp4');
    const ignored = stack.world.user('bob').in(filmClub()).says(`.vdl ${url}`);
    await stage.pastGateway(filmClub());
    await stage.idle();
    expect(stage.answers(ignored)).toEqual([]);
    isVideo(await stage.onlyAnswer(says(`.vdl ${url}`)));
  });

  it('may be mended within a minute', async () => {
    const edited = says('vdl without its dot');
    alice().edits(edited, `.vdl ${address('/clip.mp4')}`);
    isVideo(await stage.onlyAnswer(edited));
  });

  it('is no word that nobody registered', async () => {
    const unknown = says('.nobody knows');
    await stage.pastGateway(filmClub());
    await stage.idle();
    expect(stage.answers(unknown)).toEqual([]);
  });

  it('may begin with a capital, as telephones write', async () => {
    isVideo(await stage.onlyAnswer(says(`.Vdl ${address('/clip.mp4').replace('http', 'Http')}`)));
  });

  it('may reply to the link, also while Telegram imposes a wait', async () => {
    stack.telegram.faults.add({ method: 'messages.GetMessages', error: [420, 'FLOOD_WAIT_1'] });
    const replyTo = stack.world
      .user('bob')
      .in(filmClub())
      .says(`see ${address('/clip.mp4')}`);
    isVideo(await stage.onlyAnswer(alice().in(filmClub()).says('.vdl', { replyTo })));
  });
});

describe('an answer', () => {
  it('lands in a private chat', async () => {
    isVideo(
      await stage.onlyAnswer(
        alice()
          .in(stack.account)
          .says(`.vdl ${address('/clip.mp4')}`),
      ),
    );
  });

  it.each(['Trailers', 'General'])('lands in its topic: %s', async (title) => {
    const topic = { topic: title };
    const link = alice().in(cinema(), topic).says(address('/clip.mp4'));
    const direct = alice()
      .in(cinema(), topic)
      .says(`.vdl ${address('/clip.mp4')}`);
    const quoting = alice().in(cinema(), topic).says('.vdl', { replyTo: link });
    const refused = alice().in(cinema(), topic).says('.vdl nonsense');
    for (const command of [direct, quoting, refused])
      expect((await stage.onlyAnswer(command)).topic?.title).toBe(title);
  });

  it.each([
    ['the chat', () => filmClub(), undefined],
    ['its topic', () => cinema(), 'Trailers'],
  ])('comes to %s where the asking message has gone', async (_, chat, topic) => {
    const held = stack.site.hold('/slow.mp4', 100_000);
    const command = alice()
      .in(chat(), topic === undefined ? {} : { topic })
      .says(`.vdl ${address('/slow.mp4')}`);
    await held;
    await chat().waitFor((message) => message.replyTo === command && isStatus(message));
    alice().deletes(command);
    stack.site.release('/slow.mp4');
    const answered = (message: WorldMessage) => message.media?.fileName?.startsWith('slow') === true;
    const answer = await chat().waitFor((message) => answered(message) && message.replyTo === undefined);
    await stage.saidSo(answer);
    expect(answer.topic?.title).toBe(topic);
    expect(chat().messages().filter(isStatus).map(String)).toEqual([]);
  });

  it('is a sentence where the chat takes no media', async () => {
    stack.telegram.faults.add({ method: 'messages.SendMedia', error: [403, 'CHAT_SEND_VIDEOS_FORBIDDEN'] });
    const { text } = await stage.onlyAnswer(says(`.vdl ${address('/clip.mp4')}`));
    expect(text).toMatch(/this chat does not let me send media/u);
  });

  it('that is refused is told to whoever listens, and the next command is served', async () => {
    filmClub().allowWriting(stack.account, false);
    const command = says(`.vdl ${address('/clip.mp4')}`);
    const { messageId } = stage.originOf(command);
    const raw = await stage.hears(telegramRaw, ({ message }) => message.id === messageId);
    const refused = await vi.waitFor(() => {
      const found = stage.heard.find(
        ({ type, correlationid }) => type === telegramSendFailed.type && correlationid === raw.correlationid,
      );
      return found ?? Promise.reject(new Error('not yet'));
    }, 60_000);
    expect(refused.data).toMatchObject({ error: 'CHAT_WRITE_FORBIDDEN', commandType: videoReady.type });
    filmClub().allowWriting(stack.account, true);
    expect(stage.answers(command)).toEqual([]);
    isVideo(await stage.onlyAnswer(says(`.vdl ${address('/clip.mp4')}`)));
  });

  it('belongs to its own command, when twenty come at once', async () => {
    const url = address('/clip.mp4');
    const members = [alice(), stack.account];
    const chats = Array.from({ length: 20 }, (_, n) => stack.world.addGroup(`Group ${n}`, { members }));
    const commands = chats.map((chat, n) =>
      alice()
        .in(chat)
        .says(n % 4 === 0 ? `.vdl ${url}` : `.vdl nonsense-${n}`),
    );
    for (const [n, command] of commands.entries()) {
      const answer = await stage.answer(command);
      if (n % 4 === 0) isVideo(answer);
      else expect(answer.text).toContain(`“nonsense-${n}”`);
    }
    await stage.idle();
    for (const chat of chats) expect(chat.messages().map(String)).toHaveLength(2);
  });

  it('is the right one of two that are downloaded at once', async () => {
    const page = `${stack.site.url}/watch/sample`;
    const [one, two] = [says(`.vdl ${page}?v=one`), says(`.vdl ${address('/silent.mp4')}`)];
    const [first, second] = [await stage.onlyAnswer(one), await stage.onlyAnswer(two)];
    expect(first.text).toContain('Überraschung');
    expect([first.media?.width, second.media?.width]).toEqual([640, 320]);
    expect(await first.media?.sha256()).not.toBe(await second.media?.sha256());
  });
});

describe('an event', () => {
  it('that comes a hundred times has one effect', async () => {
    const origin = stage.originOf(says('any message'));
    const context = { source: 'test', correlationId: '0a1b2c3d-0000-8000-8000-000000000000' };
    const text = 'a hundred times';
    const reply = envelope(telegramReply, { origin, text }, context);
    await Promise.all(Array.from({ length: 100 }, () => repeat(reply)));
    // In the order of the queue, and of the chat: what comes after them all is there when they have been dealt with.
    const another = stage.originOf(says('another message'));
    await repeat(envelope(telegramReply, { origin: another, text: 'after a hundred times' }, context));
    const texts = () =>
      filmClub()
        .messages()
        .map((message) => message.text);
    await vi.waitFor(() => expect(texts()).toContain('after a hundred times'));
    expect(texts().filter((one) => one === text)).toHaveLength(1);

    const url = address('/clip.mp4');
    const command = says(`.vdl ${url}`);
    const { messageId } = stage.originOf(command);
    const raw = await stage.hears(telegramRaw, ({ message }) => message.id === messageId);
    await Promise.all(Array.from({ length: 100 }, () => repeat(raw)));
    isVideo(await stage.onlyAnswer(command));
    const downloads = stage.heard.filter(
      (one) => one.causationid === raw.id && one.type === videoDownload.type,
    );
    expect(downloads).toHaveLength(1);
  });

  it('of a download that was stored already downloads nothing', async () => {
    const url = address('/clip.mp4');
    const command = says(`.vdl ${url}`);
    await stage.onlyAnswer(command);
    const event = await stage.hears(videoDownload, ({ request }) => request.url === url);
    const before = stage.requestsFor(url).length;
    expect(before).toBeGreaterThan(0);
    // Under an id of its own, as if nobody remembered that it was handled.
    const again = { ...event, id: randomUUID() };
    await repeat(again);
    await vi.waitFor(
      () => expect(stage.heard.map(({ causationid }) => causationid)).toContain(again.id),
      30_000,
    );
    isVideo(await stage.onlyAnswer(command));
    expect(stage.requestsFor(url)).toHaveLength(before);
  });

  it('that asks for an edit, a reaction or a deletion is carried out', async () => {
    const asked = says('any message');
    const { userId, ...target } = stage.originOf(asked);
    const reply = await stage.broker.publish(telegramReply, { origin: { ...target, userId }, text: 'one' });
    const sent = await stage.hears(telegramSent, ({ commandId }) => commandId === reply);
    const answer = await stage.answer(asked);
    const own = { ...target, messageId: answer.idFor(stack.account) };
    const { account, chatId } = target;
    expect(sent.data).toMatchObject({ account, chatId, messageIds: [own.messageId] });
    const done = async (id: string) => stage.hears(telegramSent, ({ commandId }) => commandId === id);

    await done(await stage.broker.publish(telegramEdit, { target: own, text: 'two' }));
    expect(answer.text).toBe('two');
    await done(await stage.broker.publish(telegramReact, { target, emoji: '👍' }));
    expect(asked.reactions).toEqual([{ emoji: '👍', from: stack.account }]);
    await done(await stage.broker.publish(telegramReact, { target, emoji: null }));
    expect(asked.reactions).toEqual([]);
    const messageIds = [own.messageId];
    await done(await stage.broker.publish(telegramDelete, { account, chatId, messageIds }));
    expect(answer.deleted).toBe(true);

    const late = await stage.broker.publish(telegramEdit, { target: own, text: 'three' });
    const failed = await stage.hears(telegramSendFailed, ({ commandId }) => commandId === late);
    expect(failed.data).toMatchObject({ commandType: telegramEdit.type, error: 'MESSAGE_ID_INVALID' });
  });

  it('that cannot be read is parked with the reason, and the next is served', async () => {
    const origin = { account: 1, chatId: 2, messageId: 3, userId: 4 };
    const context = { source: 'test', correlationId: '0a1b2c3d-0000-8000-8000-000000000000' };
    const good = envelope(telegramReply, { origin, text: 'x' }, context);
    const bad: [reason: string, body: Buffer | object][] = [
      ['malformed_json', Buffer.from('{')],
      ['malformed_envelope', { ...good, id: 7 }],
      ['unknown_type', { ...good, type: 'commands.telegram.dance' }],
      ['unknown_version', { ...good, dataschema: 'urn:heavy:schema:commands.telegram.reply/v2' }],
      ['invalid_data', { ...good, data: { origin } }],
      ['too_large', Buffer.alloc(2 * 1024 * 1024, ' ')],
    ];
    for (const [queue, key] of [
      ['sender', telegramReply.type],
      ['media-pirate', videoDownload.type],
    ] as const)
      for (const [reason, body] of bad) {
        await stage.put(body, key);
        const { properties, content } = await stage.deadLetter(queue);
        expect(properties.headers?.[headers.deadReason], queue).toBe(reason);
        expect(content.equals(Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)))).toBe(true);
      }
    isVideo(await stage.onlyAnswer(says(`.vdl ${address('/clip.mp4')}`)));
  });

  it('whose object is gone from the store ends in one sentence, and in the dead letters', async () => {
    const url = address('/clip.mp4');
    await stack.service('sender').stop();
    const command = says(`.vdl ${url}`);
    const ready = await stage.hears(videoReady, ({ media }) => media.sourceUrl === url);
    await rm(new URL(stack.env('sender')['MEDIA_STORE']!), { recursive: true });
    await stack.service('sender').start();
    expect((await stage.onlyAnswer(command)).text).toMatch(/wrong on my side.*\(id [0-9a-f]{8}\)$/u);
    const { properties } = await stage.deadLetter('sender');
    expect(properties.messageId).toBe(ready.id);
    expect(properties.headers?.[headers.deadReason]).toBe('attempts_exhausted');
    isVideo(await stage.onlyAnswer(says(`.vdl ${url}`)));
  });
});

describe('media-pirate', () => {
  const workDir = () => stack.env('media-pirate')['WORK_DIR']!;
  const jobs = async () => (await readdir(workDir())).filter((name) => /^[0-9a-f]{64}\./u.test(name));

  it('downloads as many at once as it may, and answers others meanwhile', async () => {
    const urls = [address('/slow.mp4'), address('/slow.mp4'), address('/slow.mp4')];
    void stack.site.hold('/slow.mp4', 100_000);
    const commands = urls.map((url) => says(`.vdl ${url}`));
    const underWay = () =>
      urls.filter((url) => stage.requestsFor(url).some(({ bytesSent }) => bytesSent > 0));
    await vi.waitFor(() => expect(underWay()).toHaveLength(2), 60_000);
    for (const url of urls) await stage.hears(videoDownload, ({ request }) => request.url === url);
    await stage.answer(says('.vdl nonsense'));
    expect(underWay()).toHaveLength(2);
    stack.site.release('/slow.mp4');
    for (const command of commands) isVideo(await stage.onlyAnswer(command));
  });

  it('stops within its grace in the middle of a download, and goes on with it when it is back', async () => {
    const url = address('/slow.mp4');
    const held = stack.site.hold('/slow.mp4', 200_000);
    const command = says(`.vdl ${url}`);
    await held;
    await vi.waitFor(async () => expect(await stage.processesWith(url)).not.toEqual([]));
    const pirate = stack.service('media-pirate');
    await pirate.stop();
    // Where its grace is over before that, it says so in place of this, and ends with 1.
    expect((await readFile(pirate.logFile, 'utf8')).trimEnd().split('\n').at(-1)).toContain(
      '"msg":"stopped"',
    );
    expect(await stage.processesWith(url)).toEqual([]);
    stack.site.release('/slow.mp4');
    await pirate.start();
    isVideo(await stage.onlyAnswer(command));
    expect(stage.requestsFor(url).some(({ range }) => /^bytes=[1-9]/u.test(range ?? ''))).toBe(true);
    expect(await jobs()).toEqual([]);
  });
});

describe('after all of it', () => {
  it('no message has two answers, no status message is left, and no service has died', async () => {
    await stage.idle();
    const chats = new Set(stack.world.users.flatMap((user) => stack.world.chatsOf(user)));
    const own = [...chats]
      .flatMap((chat) => chat.messages())
      .filter(({ from, replyTo }) => from === stack.account && replyTo !== undefined);
    expect(own.length).toBeGreaterThan(40);
    const byCommand = Map.groupBy(own, ({ replyTo }) => replyTo);
    expect([...byCommand.values()].filter((all) => all.length > 1).map(String)).toEqual([]);
    expect(own.filter(isStatus).map(String)).toEqual([]);
    expect(stack.services.filter(({ running }) => !running).map(({ name }) => name)).toEqual([]);
    const fatal = await logLines((line) => line.includes('"level":"fatal"') || line.includes('unhandled'));
    expect(fatal).toEqual([]);
  });

  it('no secret stands in any log', async () => {
    const secrets = ['gateway', 'sender'].map((name) => stack.env(name)['TELEGRAM_SESSION']!);
    expect(await logLines((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
    expect(await logLines((line) => line.includes('guest:guest'))).toEqual([]);
    expect((await logLines((line) => line.includes('"msg":"answered"'))).length).toBeGreaterThan(20);
  });
});

/** The lines of all services' logs that fit. */
const logLines = async (fits: (line: string) => boolean): Promise<string[]> => {
  const logs = await Promise.all(stack.services.map(({ logFile }) => readFile(logFile, 'utf8')));
  return logs.flatMap((log) => log.split('\n')).filter(fits);
};
