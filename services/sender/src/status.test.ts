import type { Logger } from '@heavy/service';
import { FloodWait, Refused, type TelegramAccount } from '@heavy/telegram';
import pLimit from 'p-limit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer, Answers } from './answers.ts';
import { createPace } from './pace/pace.ts';
import { createStatus } from './status.ts';

const origin = { account: 1, chatId: -2, messageId: 3, topicId: 7, userId: 4 };
const other = { ...origin, messageId: 5 };
const elsewhere = { ...origin, chatId: -3 };

const texts = (calls: { mock: { calls: [{ text: string }][] } }) =>
  calls.mock.calls.map(([{ text }]) => text);

const createWorld = ({ rate = 0 } = {}) => {
  const record: Answer = {};
  const answers = {
    read: async () => ({ ...record }),
    statusIntended: async () => {
      record.status = 0;
    },
    statusSent: async (_, id) => {
      record.status = id;
    },
  } satisfies Partial<Answers> as Partial<Answers> as Answers;
  const account = {
    sendText: vi.fn<TelegramAccount['sendText']>(async () => ({ messageId: 10, duplicate: false })),
    editText: vi.fn<TelegramAccount['editText']>(async () => undefined),
    findOwnReplies: vi.fn<TelegramAccount['findOwnReplies']>(async () => []),
  };
  const info = vi.fn();
  const pace = createPace({
    settings: { rate, ratePerChat: 0 },
    store: { load: async () => new Map(), save: async () => undefined },
    log: { warn: () => undefined },
  });
  const status = createStatus({
    account: account satisfies Partial<TelegramAccount> as Partial<TelegramAccount> as TelegramAccount,
    answers,
    pace,
    strangers: { guard: (_, call) => call() },
    limit: pLimit(64),
    intervalMs: 3000,
    log: { info } satisfies Partial<Logger> as Partial<Logger> as Logger,
  });
  return { status, account, record, info };
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('createStatus', () => {
  it('posts the first step as a reply in the topic and edits it with the next', async () => {
    const { status, account } = createWorld();
    await status.show(origin, { phase: 'queued' });
    vi.advanceTimersByTime(3000);
    await status.show(origin, { phase: 'downloading', bytes: 1000 });
    expect(account.sendText).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ chatId: -2, text: '… queued', replyTo: 3, topicId: 7 }),
    );
    expect(account.editText).toHaveBeenCalledExactlyOnceWith({
      chatId: -2,
      messageId: 10,
      text: '… downloading 1 KB',
    });
  });

  it('shows a step that came too soon when the interval is over, the newest only', async () => {
    const { status, account } = createWorld();
    await status.show(origin, { phase: 'downloading', bytes: 1000 });
    vi.advanceTimersByTime(1000);
    await status.show(origin, { phase: 'downloading', bytes: 2000 });
    await status.show(origin, { phase: 'converting' });
    await vi.advanceTimersByTimeAsync(1999);
    expect(account.editText).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(texts(account.editText)).toEqual(['… converting']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(account.editText).toHaveBeenCalledOnce();
  });

  it('edits at most once per interval, however many steps come', async () => {
    const { status, account } = createWorld();
    for (let bytes = 0; bytes < 10_000_000; bytes += 100_000) {
      void status.show(origin, { phase: 'downloading', bytes, totalBytes: 1e7 });
      await vi.advanceTimersByTimeAsync(100);
    }
    // Ten seconds: the post, and an edit after each three.
    expect(account.sendText).toHaveBeenCalledOnce();
    expect(account.editText).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(3000);
    expect(texts(account.editText).at(-1)).toContain(' 99 % ');
  });

  it('never edits to the same text', async () => {
    const { status, account } = createWorld();
    await status.show(origin, { phase: 'downloading', bytes: 1000 });
    await vi.advanceTimersByTimeAsync(3000);
    await status.show(origin, { phase: 'downloading', bytes: 1000 });
    expect(account.editText).not.toHaveBeenCalled();
    await status.show(origin, { phase: 'downloading', bytes: 3000 });
    expect(account.editText).toHaveBeenCalledOnce();
  });

  it('shows the newest of what came while a call was on its way', async () => {
    const { status, account } = createWorld();
    const gate = Promise.withResolvers<void>();
    account.sendText.mockImplementationOnce(async () => {
      await gate.promise;
      return { messageId: 10, duplicate: false };
    });
    const first = status.show(origin, { phase: 'queued' });
    await vi.advanceTimersByTimeAsync(5000);
    await status.show(origin, { phase: 'probing' });
    await status.show(origin, { phase: 'storing' });
    expect(account.editText).not.toHaveBeenCalled();
    gate.resolve();
    await first;
    await vi.advanceTimersByTimeAsync(0);
    expect(texts(account.editText)).toEqual(['… storing']);
  });

  it.each(['still', 'ended'] as const)('shows no step any more that was put off until %s', async (how) => {
    const { status, account } = createWorld();
    await status.show(origin, { phase: 'downloading', bytes: 1000 });
    await status.show(origin, { phase: 'converting' });
    await status[how](origin);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(account.editText).not.toHaveBeenCalled();
  });

  it('is still only when the call on its way has ended, and nothing follows it', async () => {
    const { status, account } = createWorld();
    const gate = Promise.withResolvers<void>();
    account.sendText.mockImplementationOnce(async () => {
      await gate.promise;
      throw new FloodWait(1, 'messages.SendMessage');
    });
    void status.show(origin, { phase: 'queued' });
    await vi.advanceTimersByTimeAsync(0);
    void status.show(origin, { phase: 'probing' });
    const settled = vi.fn();
    const still = status.still(origin).then(settled);
    await vi.advanceTimersByTimeAsync(1000);
    expect(settled).not.toHaveBeenCalled();
    gate.resolve();
    await still;
    status.ended(origin);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(account.sendText).toHaveBeenCalledOnce();
    expect(account.editText).not.toHaveBeenCalled();
  });

  it('leaves no timer behind where a call fails after the command has ended', async () => {
    const { status, account } = createWorld();
    const gate = Promise.withResolvers<void>();
    account.sendText.mockImplementationOnce(async () => {
      await gate.promise;
      throw new FloodWait(1, 'messages.SendMessage');
    });
    const shown = status.show(origin, { phase: 'queued' });
    status.ended(origin);
    gate.resolve();
    await shown;
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['downloading', 0],
    ['uploading', 1],
  ] as const)('shows of %s after an outcome was claimed: %i', async (phase, times) => {
    const { status, account, record } = createWorld();
    record.outcome = 'event';
    await status.show(origin, { phase, bytes: 1 });
    expect(account.sendText).toHaveBeenCalledTimes(times);
  });

  it('remembers no more than 10,000 commands', async () => {
    const { status, account } = createWorld();
    const command = (messageId: number) => ({ ...origin, messageId });
    for (let id = 1; id <= 10_001; id += 1) {
      await status.show(command(id), { phase: 'queued' });
      await status.show(command(id), { phase: 'probing' });
    }
    // Each has one step put off, but for the first, which is forgotten.
    expect(vi.getTimerCount()).toBe(10_000);
    expect(account.sendText).toHaveBeenCalledTimes(1);
  });

  it('says nothing in a chat until a wait that Telegram imposed is over, and goes on in others', async () => {
    const { status, account, record } = createWorld();
    account.sendText.mockRejectedValueOnce(new FloodWait(40, 'messages.SendMessage'));
    await status.show(origin, { phase: 'queued' });
    delete record.status;
    await vi.advanceTimersByTimeAsync(30_000);
    await status.show(other, { phase: 'queued' });
    expect(account.sendText).toHaveBeenCalledOnce();
    await status.show(elsewhere, { phase: 'queued' });
    expect(account.sendText.mock.calls.map(([{ chatId }]) => chatId)).toEqual([-2, -3]);
    delete record.status;
    await vi.advanceTimersByTimeAsync(9999);
    expect(account.sendText).toHaveBeenCalledTimes(2);
    // Within an interval, so that not all speak at once.
    await vi.advanceTimersByTimeAsync(3001);
    expect([...texts(account.sendText), ...texts(account.editText)]).toEqual(Array(4).fill('… queued'));
  });

  it('puts a step off that would be too fast for the account', async () => {
    const { status, account } = createWorld({ rate: 0.05 });
    await status.show(origin, { phase: 'queued' });
    account.editText.mockClear();
    for (const phase of ['probing', 'converting', 'storing'] as const) {
      await status.show(origin, { phase });
      await vi.advanceTimersByTimeAsync(3000);
    }
    expect(texts(account.editText)).toEqual(['… looking at the link']);
    await vi.advanceTimersByTimeAsync(23_000);
    expect(texts(account.editText)).toEqual(['… looking at the link', '… storing']);
  });

  it('drops a step that Telegram refuses', async () => {
    const { status, account, info } = createWorld();
    account.sendText.mockRejectedValueOnce(new Refused('CHAT_WRITE_FORBIDDEN', 'messages.SendMessage'));
    await expect(status.show(origin, { phase: 'queued' })).resolves.toBeUndefined();
    expect(info).toHaveBeenCalledOnce();
  });

  it('finds a message whose sender died before it could note its id, and notes it', async () => {
    const { status, account, record } = createWorld();
    record.status = 0;
    const message = { chat: { id: -2, type: 'group' as const }, date: 0, edited: false, entities: [] };
    const rest = { sender: { id: 1 }, outgoing: true, receivedAt: 0 };
    account.findOwnReplies.mockResolvedValue([
      { ...message, ...rest, id: 12, text: '… and Justice for All', media: { kind: 'video' } },
      { ...message, ...rest, id: 11, text: '… downloading' },
    ]);
    expect(await status.find(origin)).toBe(11);
    expect(record.status).toBe(11);
    expect(await status.find(origin)).toBe(11);
    expect(account.findOwnReplies).toHaveBeenCalledOnce();
  });

  it('looks for none where none was posted', async () => {
    const { status, account } = createWorld();
    expect(await status.find(origin)).toBeNull();
    expect(account.findOwnReplies).not.toHaveBeenCalled();
  });
});
