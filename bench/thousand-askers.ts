import { readFile } from 'node:fs/promises';
import type { WorldMessage } from '@heavy/local-telegram';
import { createCrowd, type Stack } from '@heavy/stack';
import { Redis } from 'ioredis';
import { type Row, row } from './row.ts';

const askers = 1000;
const sizeMb = 5;
/** Slow enough that what yt-dlp looks at before it downloads is broken off before all of it was sent. */
const bytesPerSecond = 20e6;
const timeoutMs = 10 * 60_000;

/** All commands that Redis has carried out, those in scripts included. */
const commandsOf = async (redis: Redis): Promise<number> => {
  const stats = await redis.info('commandstats');
  return [...stats.matchAll(/:calls=(\d+)/gu)].reduce((sum, [, calls]) => sum + Number(calls), 0);
};

/** How often the replicas of media-pirate have said that they stored something. */
const puts = async (stack: Stack): Promise<number> => {
  const logs = stack.services.filter(({ name }) => name.startsWith('media-pirate'));
  const texts = await Promise.all(logs.map(({ logFile }) => readFile(logFile, 'utf8')));
  return texts.join('').split('"step":"stored"').length - 1;
};

/** The bytes that go up to Telegram from now on, by file. */
const uploads = (stack: Stack): ReadonlyMap<string, number> => {
  const sent = new Map<string, number>();
  const match = (request: object): boolean => {
    const id = String(Reflect.get(request, 'fileId'));
    sent.set(id, (sent.get(id) ?? 0) + Number(Reflect.get(request, 'bytes').length));
    // It is only looked at: nothing goes wrong.
    return false;
  };
  for (const method of ['upload.SaveFilePart', 'upload.SaveBigFilePart'])
    stack.telegram.faults.add({ method, match, drop: 'before' });
  return sent;
};

const isAnswered = (answers: readonly WorldMessage[]): boolean =>
  answers.length === 1 && answers[0]?.media?.kind === 'video';

/** A thousand people in two hundred chats ask for one new item within a second, half of them by another spelling of its URL. */
export const thousandAskers = async (stack: Stack, say: (text: string) => void): Promise<Row[]> => {
  const redis = new Redis(stack.redis.url);
  const crowd = createCrowd(stack, { chats: 200, users: askers });
  const [path, query] = ['/padded.mp4', `?mb=${sizeMb}&item=crowd`];
  const url = `${stack.site.url}${path}${query}`;
  const sent = uploads(stack);
  stack.site.throttle(path, bytesPerSecond);
  const [commandsBefore, putsBefore] = [await commandsOf(redis), await puts(stack)];

  const startedAt = performance.now();
  const asked = crowd.asks((index) => `.vdl ${index % 2 === 0 ? url : `${url}&utm_source=friend`}`);
  say(`${askers} commands typed within ${(performance.now() - startedAt).toFixed(0)} ms`);
  await crowd
    .answered(asked, AbortSignal.timeout(timeoutMs))
    .catch((error: unknown) => say(`not all were answered: ${error}`));
  const lastMs = performance.now() - startedAt;

  const commands = ((await commandsOf(redis)) - commandsBefore) / askers;
  redis.disconnect();
  stack.telegram.faults.clear();
  stack.site.throttle(path, null);
  const downloads = stack.site.requests.filter(
    (request) =>
      request.path === path && request.query.startsWith(query) && request.bytesSent === sizeMb * 1e6,
  );
  const uploaded = [...sent.values()].filter((bytes) => bytes >= sizeMb * 1e6);
  const one = { atLeast: 1, atMost: 1 };
  const about = `${askers} askers of a new ${sizeMb} MB item, 4 replicas`;
  return [
    row(`${about}: downloads`, downloads.length, '', null, one),
    row(`${about}: puts`, (await puts(stack)) - putsBefore, '', null, one),
    row(`${about}: uploads`, uploaded.length, '', null, one),
    row(`${about}: answers`, crowd.answersTo(asked).filter(isAnswered).length, '', null, {
      ...{ atLeast: askers, atMost: askers },
    }),
    row(`${about}: time to the last answer`, lastMs / 1000, 's'),
    row(`${about}: Redis commands per asker`, commands, ''),
  ];
};
