import { describe, expect, it } from 'vitest';
import { documentedLimits, Limiter, noLimits } from './limits.ts';

const limiterAt = (limits = documentedLimits) => {
  const clock = { ms: 0 };
  const limiter = new Limiter(limits, () => clock.ms);
  return {
    clock,
    send: (chatId: number, botId = 1) => limiter.take({ what: 'send', botId, chatId }),
    edit: (chatId: number) => limiter.take({ what: 'edit', botId: 1, chatId }),
  };
};

describe('Limiter', () => {
  it('allows thirty messages in any second, and each bot its own', () => {
    const { clock, send } = limiterAt();
    for (let chat = 1; chat <= 30; chat++) {
      expect(send(chat)).toBe(0);
      clock.ms += 10;
    }
    expect(send(31)).toBe(700);
    expect(send(31, 2)).toBe(0);
    clock.ms = 999;
    expect(send(31)).toBe(1);
    clock.ms = 1000;
    expect(send(31)).toBe(0);
    expect(send(32)).toBe(10);
  });

  it('allows one message a second in a chat, three of them at once', () => {
    const { clock, send } = limiterAt();
    for (let message = 1; message <= 10; message++) {
      expect(send(1)).toBe(0);
      clock.ms += 1000;
    }
    clock.ms = 100_000;
    expect([send(1), send(1), send(1), send(1)]).toEqual([0, 0, 0, 3000]);
    expect(send(2)).toBe(0);
  });

  it('allows twenty messages a minute in a group', () => {
    const { clock, send } = limiterAt();
    for (let message = 1; message <= 20; message++) {
      expect(send(-1)).toBe(0);
      clock.ms += 1000;
    }
    expect(send(-1)).toBe(40_000);
    clock.ms = 60_000;
    expect(send(-1)).toBe(0);
  });

  it('allows twenty edits a minute in a chat, and does not count them as messages', () => {
    const { edit, send } = limiterAt();
    for (let message = 1; message <= 20; message++) expect(edit(1)).toBe(0);
    expect(edit(1)).toBe(60_000);
    expect(send(1)).toBe(0);
  });

  it('does not count what it refused', () => {
    const { clock, send } = limiterAt();
    for (let message = 1; message <= 3; message++) send(1);
    for (let refused = 1; refused <= 30; refused++) expect(send(1)).toBe(3000);
    expect(send(2)).toBe(0);
    clock.ms = 3000;
    expect(send(1)).toBe(0);
  });

  it('keeps counting where it forgets chats at rest', () => {
    const { clock, send } = limiterAt({ ...noLimits, sendsPerChat: { count: 1, perMs: 1000 } });
    for (let chat = 1; chat <= 5000; chat++) {
      clock.ms += 1;
      expect(send(chat)).toBe(0);
      if (chat > 500) expect(send(chat - 500)).toBe(500);
    }
  });
});
