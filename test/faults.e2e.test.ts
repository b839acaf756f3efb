import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorldMessage } from '@heavy/local-telegram';
import { type Stack, startStack } from '@heavy/stack';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStage, isStatus, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({
    dir,
    serviceEnv: {
      gateway: { OPEN_TO: 'everyone' },
      'media-pirate': { PROGRESS_INTERVAL_MS: '300', RETRY_DELAYS_MS: '500,1000,2000' },
      sender: { STATUS_INTERVAL_MS: '300', RETRY_DELAYS_MS: '500,1000,2000' },
    },
  });
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
const says = (text: string) => stack.world.user('alice').in(filmClub()).says(text);

const outcome = (command: WorldMessage): Promise<WorldMessage> => stage.onlyAnswer(command);

const isPlayable = (message: WorldMessage) =>
  expect(message.media).toMatchObject({ kind: 'video', mime: 'video/mp4', streamable: true });

/** Arms a fault of one part of an upload; answers with what tells whether it came about. */
const uploadFault = (
  part: number,
  fault: { drop: 'before' | 'after' } | { swallow: true },
): (() => boolean) => {
  let happened = false;
  const match = (request: object): boolean => {
    if (Reflect.get(request, 'filePart') !== part) return false;
    happened = true;
    return true;
  };
  // Files up to 10 MiB go up by this method, larger ones by upload.saveBigFilePart.
  stack.telegram.faults.add({ method: 'upload.SaveFilePart', match, ...fault });
  return () => happened;
};

let takes = 0;
/** An address that was not asked for before: every test downloads anew. */
const address = (path: string): string => {
  takes += 1;
  return `${stack.site.url}${path}?take=${takes}`;
};

describe('a command is answered exactly once', () => {
  it('with nothing broken', async () => {
    isPlayable(await outcome(says(`.vdl ${address('/clip.mp4')}`)));
  });

  it('when media-pirate is killed in the middle of a download, and started again', async () => {
    const held = stack.site.hold('/slow.mp4', 100_000);
    const command = says(`.vdl ${address('/slow.mp4')}`);
    await held;
    await stack.service('media-pirate').kill();
    stack.site.release('/slow.mp4');
    await stack.service('media-pirate').start();
    isPlayable(await outcome(command));
  });

  it('when RabbitMQ is away for 20 s in the middle of a download', async () => {
    const held = stack.site.hold('/slow.mp4', 100_000);
    const command = says(`.vdl ${address('/slow.mp4')}`);
    await held;
    await stack.rabbitmq.stop();
    stack.site.release('/slow.mp4');
    // How long it is away is the case itself, not a wait for something to happen.
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    await stack.rabbitmq.start();
    isPlayable(await outcome(command));
  });

  it('when it was typed while RabbitMQ was away', async () => {
    await stack.rabbitmq.stop();
    const command = says(`.vdl ${address('/clip.mp4')}`);
    await stack.rabbitmq.start();
    isPlayable(await outcome(command));
  });

  it('when Redis is away in the middle of a download', async () => {
    const held = stack.site.hold('/slow.mp4', 100_000);
    const command = says(`.vdl ${address('/slow.mp4')}`);
    await held;
    await stack.redis.stop();
    stack.site.release('/slow.mp4');
    const typedMeanwhile = says(`.adl ${address('/song.mp3')}`);
    await new Promise((resolve) => setTimeout(resolve, 5000));
    await stack.redis.start();
    isPlayable(await outcome(command));
    expect((await outcome(typedMeanwhile)).media).toMatchObject({ kind: 'audio' });
  });

  it('when Telegram drops the connection in the middle of the upload, before and after it took a part', async () => {
    const happened = [uploadFault(5, { drop: 'before' }), uploadFault(9, { drop: 'after' })];
    isPlayable(await outcome(says(`.vdl ${address('/big.mp4')}`)));
    expect(happened.map((did) => did())).toEqual([true, true]);
  });

  it('when the sender is killed in the middle of the upload, and started again', async () => {
    const stuck = uploadFault(5, { swallow: true });
    const command = says(`.vdl ${address('/big.mp4')}`);
    await vi.waitFor(() => expect(stuck()).toBe(true), { timeout: 60_000 });
    await stack.service('sender').kill();
    await stack.service('sender').start();
    isPlayable(await outcome(command));
  });

  it('when the sender is killed after Telegram posted the answer and before it heard so', async () => {
    stack.telegram.faults.add({ method: 'messages.SendMedia', swallow: true });
    const command = says(`.vdl ${address('/clip.mp4')}`);
    await filmClub().waitFor((message) => message.replyTo === command && message.media !== undefined, {
      timeoutMs: 60_000,
    });
    await stack.service('sender').kill();
    await stack.service('sender').start();
    isPlayable(await outcome(command));
  });

  it('when the sender is killed after Telegram posted the status message and before it heard so', async () => {
    stack.telegram.faults.add({ method: 'messages.SendMessage', swallow: true });
    const held = stack.site.hold('/slow.mp4', 100_000);
    const command = says(`.vdl ${address('/slow.mp4')}`);
    await held;
    await filmClub().waitFor((message) => message.replyTo === command && isStatus(message), {
      timeoutMs: 60_000,
    });
    await stack.service('sender').kill();
    stack.site.release('/slow.mp4');
    await stack.service('sender').start();
    isPlayable(await outcome(command));
  });

  it('when Telegram imposes waits on the sender', async () => {
    stack.telegram.faults.add({ method: 'messages.SendMedia', error: [420, 'FLOOD_WAIT_2'] });
    stack.telegram.faults.add({ method: 'upload.SaveFilePart', error: [420, 'FLOOD_WAIT_1'] });
    const since = stack.telegram.calls.length;
    isPlayable(await outcome(says(`.vdl ${address('/clip.mp4')}`)));
    const errors = stack.telegram.calls.slice(since).flatMap(({ error }) => error ?? []);
    expect(errors.toSorted()).toEqual(['FLOOD_WAIT_1', 'FLOOD_WAIT_2']);
  });

  it('with a sentence, when what it ends in is a failure and the sender is killed', async () => {
    stack.telegram.faults.add({ method: 'messages.EditMessage', times: 5, swallow: true });
    const command = says(`.vdl ${address('/missing')}`);
    await filmClub().waitFor((message) => message.replyTo === command, { timeoutMs: 60_000 });
    await stack.service('sender').kill();
    stack.telegram.faults.clear();
    await stack.service('sender').start();
    expect((await outcome(command)).text).toMatch(/nothing at that link/u);
  });
});
