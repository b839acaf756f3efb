import type { Logger } from '@heavy/service';
import { FloodWait, Refused, type TelegramAccount } from '@heavy/telegram';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer, Answers } from './answers.ts';
import { createStatus } from './status.ts';

const origin = { account: 1, chatId: -2, messageId: 3, topicId: 7, userId: 4 };
const other = { ...origin, messageId: 5 };

const createWorld = () => {
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
  const status = createStatus({
    account: account satisfies Partial<TelegramAccount> as Partial<TelegramAccount> as TelegramAccount,
    answers,
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

  it('edits at most once per interval, and never to the same text', async () => {
    const { status, account } = createWorld();
    await status.show(origin, { phase: 'downloading', bytes: 1000 });
    vi.advanceTimersByTime(2999);
    await status.show(origin, { phase: 'converting', bytes: 2000 });
    expect(account.editText).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    await status.show(origin, { phase: 'downloading', bytes: 1000 });
    expect(account.editText).not.toHaveBeenCalled();
    await status.show(origin, { phase: 'downloading', bytes: 3000 });
    expect(account.editText).toHaveBeenCalledOnce();
  });

  it('says nothing, in any chat, until a wait that Telegram imposed is over', async () => {
    const { status, account } = createWorld();
    account.sendText.mockRejectedValueOnce(new FloodWait(40, 'messages.SendMessage'));
    await status.show(origin, { phase: 'queued' });
    vi.advanceTimersByTime(39_999);
    await status.show(other, { phase: 'queued' });
    expect(account.sendText).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(1);
    await status.show(other, { phase: 'queued' });
    expect(account.sendText).toHaveBeenCalledTimes(2);
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
