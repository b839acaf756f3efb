import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { redisKeys, type StoredObject, telegramSendMedia } from '@heavy/contracts';
import { createDirectoryStore } from '@heavy/media';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Order } from './mortal-sender.ts';
import { createRealWorld } from './real-sender.ts';

const partBytes = 512 * 1024;
const script = fileURLToPath(new URL('./mortal-sender.ts', import.meta.url));
/** What a record has beside its parts: `id` and `size`. */
const headFields = 2;

let world: Awaited<ReturnType<typeof createRealWorld>>;
let storeDir: string;
let children: Set<ChildProcess>;
beforeEach(async () => {
  world = await createRealWorld();
  storeDir = await mkdtemp(join(tmpdir(), 'heavy-uploads-'));
  children = new Set();
});
afterEach(async () => {
  await Promise.all([...children].map(kill));
  await world.close();
  await rm(storeDir, { recursive: true, force: true });
});

const kill = async (child: ChildProcess): Promise<void> => {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};

const startSender = (): ChildProcess => {
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'inherit', 'inherit'] });
  children.add(child);
  const order: Order = { ...world.order, storeDir };
  child.stdin?.write(`${JSON.stringify(order)}\n`);
  return child;
};

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A film of so many parts, in the store and asked for. */
const askFor = async (parts: number) => {
  const bytes = randomBytes(parts * partBytes);
  const object: StoredObject = {
    ...{ key: `video/${randomBytes(32).toString('hex')}.mp4`, sizeBytes: bytes.length, type: 'video/mp4' },
  };
  const put = async (some: Buffer) => {
    const store = createDirectoryStore({ dir: storeDir });
    await store.put(object.key, { stream: Readable.from([some]) }, { type: object.type, metadata: {} });
  };
  await put(bytes);
  const { chat, origin } = world.supergroup('film club');
  // The queue has to be there before anything is asked for.
  await (await world.startSender()).stop();
  const id = await world.asker.publish(telegramSendMedia, {
    ...{ origin, object, kind: 'video' },
    media: { title: 'A film', durationS: 20, sourceUrl: 'https://example.com/v' },
  });
  return { id, bytes, chat, put, record: redisKeys.upload(origin.account, object.key) };
};

const partsSent = (): number =>
  world.dc.calls.filter(({ method }) => method === 'upload.SaveBigFilePart').length;
const fileIds = () => new Set(world.dc.acceptedParts.map(({ fileId }) => fileId));

/** The sender is killed when it has recorded some of the parts; gives how many it has. */
const killInTheMidst = async (record: string): Promise<number> => {
  world.dc.faults.add({ method: 'upload.SaveBigFilePart', times: 1_000_000, delayMs: 100 });
  const sender = startSender();
  await vi.waitFor(async () => expect(await world.redis.hlen(record)).toBeGreaterThan(headFields), {
    ...{ timeout: 120_000, interval: 20 },
  });
  await kill(sender);
  world.dc.faults.clear();
  return (await world.redis.hlen(record)) - headFields;
};

describe('senderHandlers, of an upload', { timeout: 300_000 }, () => {
  it('go on where a killed sender was: only what is not recorded goes up, and the file is whole', async () => {
    const parts = 200;
    const { id, bytes, chat, record } = await askFor(parts);
    const recorded = await killInTheMidst(record);
    expect(recorded).toBeLessThan(parts);
    expect(await world.redis.ttl(record)).toBeGreaterThan(3500);
    const before = partsSent();
    startSender();
    expect(await world.reported([id], 120_000)).toMatchObject([{ messageIds: [expect.any(Number)] }]);
    expect(partsSent() - before).toBe(parts - recorded);
    expect(fileIds().size).toBe(1);
    const sent = chat.messages().flatMap(({ media }) => media ?? []);
    expect(sent).toHaveLength(1);
    expect(sha256(await readFile(sent[0]!.path))).toBe(sha256(bytes));
    await vi.waitFor(async () => expect(await world.redis.exists(record)).toBe(0));
  });

  it('send what is no longer the same, although it was recorded', async () => {
    const { id, bytes, chat, put, record } = await askFor(100);
    await killInTheMidst(record);
    const others = Buffer.from(bytes);
    others.fill(1, 0, partBytes);
    await put(others);
    startSender();
    await world.reported([id], 120_000);
    const sent = chat.messages().flatMap(({ media }) => media ?? []);
    expect(sha256(await readFile(sent[0]!.path))).toBe(sha256(others));
  });

  it('begin anew where Telegram has lost too much of it', async () => {
    const parts = 30;
    const { id, bytes, chat } = await askFor(parts);
    world.dc.faults.add({ method: 'messages.UploadMedia', times: 11, error: [400, 'FILE_PART_1_MISSING'] });
    startSender();
    await world.reported([id], 120_000);
    expect(fileIds().size).toBe(2);
    const sent = chat.messages().flatMap(({ media }) => media ?? []);
    expect(sha256(await readFile(sent[0]!.path))).toBe(sha256(bytes));
  });
});
