import { downloadProgress, type Envelope, telegramDelete, telegramEdit, videoReady } from '@heavy/contracts';
import { type HandlerContext, PermanentError } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { describe, expect, it, vi } from 'vitest';
import { forOwnAccount } from './own-account.ts';

const log = { warn: () => undefined } satisfies Partial<Logger> as Partial<Logger> as Logger;
const context = {} as HandlerContext & { error: unknown };

const world = (contract: typeof videoReady | typeof downloadProgress) => {
  const run = vi.fn(async () => undefined);
  const exhausted = vi.fn(async () => undefined);
  return { run, exhausted, handler: forOwnAccount({ contract, run, exhausted }, { id: 1 }, log) };
};

const eventFor = (type: string, data: unknown) => ({ id: 'x', type, data }) as Envelope;
const shapes = [
  [videoReady.type, (account: number) => ({ origin: { account } })],
  [telegramEdit.type, (account: number) => ({ target: { account } })],
  [telegramDelete.type, (account: number) => ({ account })],
] as const;

describe('forOwnAccount', () => {
  it.each(shapes)('hands its own account’s %s on', async (type, data) => {
    const { run, exhausted, handler } = world(videoReady);
    await handler.run(eventFor(type, data(1)), context);
    await handler.exhausted?.(eventFor(type, data(1)), context);
    expect(run).toHaveBeenCalledOnce();
    expect(exhausted).toHaveBeenCalledOnce();
  });

  it.each(shapes)('gives another account’s %s up, and tells nobody in a chat', async (type, data) => {
    const { run, exhausted, handler } = world(videoReady);
    await expect(handler.run(eventFor(type, data(2)), context)).rejects.toThrow(PermanentError);
    await handler.exhausted?.(eventFor(type, data(2)), context);
    expect(run).not.toHaveBeenCalled();
    expect(exhausted).not.toHaveBeenCalled();
  });

  it('drops the progress of another account’s download', async () => {
    const { run, handler } = world(downloadProgress);
    await handler.run(eventFor(downloadProgress.type, { origin: { account: 2 } }), context);
    expect(run).not.toHaveBeenCalled();
  });
});
