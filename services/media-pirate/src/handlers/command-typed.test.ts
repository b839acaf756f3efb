import { randomUUID } from 'node:crypto';
import { type DataOf, envelope, telegramRaw } from '@heavy/contracts';
import { contentHash } from '@heavy/media';
import type { HandlerContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import { describe, expect, it } from 'vitest';
import type { CancelDeps } from './cancel-typed.ts';
import { commandTyped } from './command-typed.ts';

const origin = { account: 1, chatId: -2, messageId: 3, topicId: 9, userId: 4 };
const log = { info: () => undefined } satisfies Partial<Logger> as Partial<Logger> as Logger;

const typed = (word: string, text: string) => {
  const data: DataOf<typeof telegramRaw> = {
    account: 1,
    chat: { id: -2, type: 'supergroup' },
    message: { id: 3, text, entities: [], date: 0, topicId: 9, outgoing: false },
    sender: { id: 4 },
    command: { word },
    auth: { role: 'admin', rateLimited: false },
    receivedAt: '2026-01-01T00:00:00.000Z',
    dispatchMs: 0,
  };
  return envelope(telegramRaw, data, { source: 'test', correlationId: randomUUID() });
};

// Only .cancel needs more; test/media-pirate.int.test.ts has it.
const { handler, words } = commandTyped({ log } as CancelDeps);

const run = async (event: ReturnType<typeof typed>, how: 'run' | 'exhausted' = 'run') => {
  const published: { type: string; data: unknown }[] = [];
  const context: HandlerContext = {
    publish: (of, data) => void published.push({ type: of.type, data }),
    publishNow: async () => undefined,
    signal: new AbortController().signal,
    attempt: 1,
  };
  await handler[how]?.(event, { ...context, error: new Error('x') });
  return published;
};

const url = 'https://example.com/a';

describe('commandTyped', () => {
  it.each([
    ['vdl', '', 'video', {}],
    ['dl', '', 'video', {}],
    ['vdl', ' 720p please', 'video', { quality: '720p' }],
    ['vdl', ' #2', 'video', { item: 2 }],
    ['adl', '', 'audio', {}],
    ['adl', ' opus', 'audio', { format: 'opus' }],
  ] as const)('turns .%s <url>%s into the download of a %s', async (word, words, kind, options) => {
    const request = { url, kind, ...options };
    expect(await run(typed(word, `.${word} ${url}${words}`))).toEqual([
      { type: 'events.dl.progress', data: { origin, phase: 'queued' } },
      {
        type: `commands.media.${kind}_download`,
        data: { request, origin, contentHash: contentHash(request) },
      },
    ]);
  });

  it('knows its words', () => expect(words).toEqual(['vdl', 'dl', 'adl', 'cancel']));

  it('answers a command without a link', async () => {
    expect(await run(typed('vdl', '.vdl'))).toEqual([
      { type: 'commands.telegram.reply', data: { origin, failure: { code: 'url_missing', context: {} } } },
    ]);
  });

  it.each(['whoami', 'constructor', 'toString'])('leaves .%s to others', async (word) => {
    expect(await run(typed(word, `.${word} ${url}`))).toEqual([]);
    expect(await run(typed(word, `.${word} ${url}`), 'exhausted')).toEqual([]);
  });

  it('tells the asker when a command of its own is given up', async () => {
    expect(await run(typed('vdl', `.vdl ${url}`), 'exhausted')).toEqual([
      { type: 'commands.telegram.reply', data: { origin, failure: { code: 'internal', context: {} } } },
    ]);
  });
});
