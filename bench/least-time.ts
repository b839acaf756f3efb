import type { BotApiLimits } from '@heavy/local-telegram';

/** How much one bot is to send to one chat. */
export interface ChatLoad {
  messages: number;
  isGroup: boolean;
}

/** What the Bot API documents: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this. */
export const documented: Pick<BotApiLimits, 'sends' | 'sendsPerChat' | 'sendsPerGroup'> = {
  sends: { count: 30, perMs: 1000 },
  sendsPerChat: { count: 1, perMs: 1000 },
  sendsPerGroup: { count: 20, perMs: 60_000 },
};

/**
 * Milliseconds from the first message to the last, below which nobody can stay who sends all of them within the limits: that of the
 * bot, or of the chat that takes longest.
 */
export const leastTimeMs = (loads: readonly ChatLoad[], limits: typeof documented = documented): number => {
  const spanMs = (messages: number, allowance: BotApiLimits['sends']): number =>
    allowance === null || messages === 0 ? 0 : Math.floor((messages - 1) / allowance.count) * allowance.perMs;
  const all = loads.reduce((sum, { messages }) => sum + messages, 0);
  const chats = loads.map(({ messages, isGroup }) =>
    Math.max(spanMs(messages, limits.sendsPerChat), isGroup ? spanMs(messages, limits.sendsPerGroup) : 0),
  );
  return chats.reduce((longest, ms) => Math.max(longest, ms), spanMs(all, limits.sends));
};
