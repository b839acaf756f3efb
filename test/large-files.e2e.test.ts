import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { telegramSent } from '@heavy/contracts';
import { type Stack, startStack } from '@heavy/stack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStage, type Stage } from './stage.ts';

let dir: string;
let stack: Stack;
let stage: Stage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-e2e-'));
  stack = await startStack({ dir });
  // 4 MB: the sample is of ten.
  stack.telegram.limits.uploadParts.default = 8;
  stage = await createStage(stack);
}, 300_000);

afterAll(async () => {
  await stage?.close();
  await stack?.stop();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

/** Seconds of a file of which every picture can be decoded. */
const playedS = async (path: string): Promise<number> => {
  const run = promisify(execFile);
  await run(stack.tools.ffmpeg, ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-']);
  const entries = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0'];
  return Number((await run(stack.tools.ffprobe, [...entries, path])).stdout);
};

describe('a video that is too large for one message', { timeout: 180_000 }, () => {
  it('comes as numbered parts that play', async () => {
    const chat = stack.chats[0]!;
    const command = stack.world.user('alice').in(chat).says(`.vdl ${stack.site.url}/big.mp4`);
    const { chatId, messageId } = stage.originOf(command);
    const sent = await stage.hears(
      telegramSent,
      (data) => data.chatId === chatId && data.messageIds.length > 1,
    );
    const answers = stage.answers(command);
    expect(answers.map((message) => message.idFor(stack.account))).toEqual(sent.data.messageIds);
    expect(answers.length).toBeGreaterThanOrEqual(3);
    expect(answers.map(({ text }) => text.split('\n')[0])).toEqual(
      answers.map((_, index) => `big (${index + 1}/${answers.length})`),
    );
    let seconds = 0;
    for (const { media } of answers) {
      expect(media).toMatchObject({ kind: 'video', mime: 'video/mp4', width: 1280, height: 720 });
      expect(media!.sizeBytes).toBeLessThanOrEqual(8 * 512 * 1024);
      expect(media!.thumbnail).toBeDefined();
      seconds += await playedS(media!.path);
    }
    expect(seconds).toBeCloseTo(4, 0);
    expect(messageId).toBe(answers[0]!.replyTo!.idFor(stack.account));
    expect(await readdir(stack.env('sender')['PARTS_DIR']!)).toEqual([]);
    expect(stage.answers(command).filter(({ text }) => text.startsWith('… '))).toEqual([]);
  });
});
