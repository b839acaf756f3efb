import { Refused } from '@heavy/telegram';
import { describe, expect, it, vi } from 'vitest';
import { type ReplyTarget, replyTarget, withoutLostTarget } from './reply-target.ts';

const origin = { account: 1, chatId: -2, messageId: 3, userId: 4 };
const lost = new Refused('REPLY_MESSAGE_ID_INVALID', 'messages.SendMessage');

describe('replyTarget', () => {
  it('is the asking message, in its topic where there is one', () => {
    expect(replyTarget(origin)).toEqual({ replyTo: 3 });
    expect(replyTarget({ ...origin, topicId: 9 })).toEqual({ replyTo: 3, topicId: 9 });
  });
});

describe('withoutLostTarget', () => {
  const sendTo = (...errors: Error[]) => {
    const send = vi.fn(async (_: ReplyTarget) => 'sent');
    for (const error of errors) send.mockRejectedValueOnce(error);
    return send;
  };

  it('sends once where the asking message is there', async () => {
    const send = sendTo();
    expect(await withoutLostTarget({ replyTo: 3, topicId: 9 }, send)).toBe('sent');
    expect(send).toHaveBeenCalledExactlyOnceWith({ replyTo: 3, topicId: 9 });
  });

  it.each([
    [{ replyTo: 3, topicId: 9 }, { topicId: 9 }],
    [{ replyTo: 3 }, {}],
  ])('sends %j again as %j where it is gone', async (target, plain) => {
    const send = sendTo(lost);
    expect(await withoutLostTarget(target, send)).toBe('sent');
    expect(send.mock.calls).toEqual([[target], [plain]]);
  });

  it.each([new Refused('CHAT_WRITE_FORBIDDEN', 'x'), new Error('REPLY_MESSAGE_ID_INVALID')])(
    'lets %s through',
    async (error) => {
      const send = sendTo(error);
      await expect(withoutLostTarget({ replyTo: 3 }, send)).rejects.toBe(error);
      expect(send).toHaveBeenCalledOnce();
    },
  );

  it('tries only once more', async () => {
    const send = sendTo(lost, lost);
    await expect(withoutLostTarget({ replyTo: 3 }, send)).rejects.toBe(lost);
    expect(send).toHaveBeenCalledTimes(2);
  });
});
