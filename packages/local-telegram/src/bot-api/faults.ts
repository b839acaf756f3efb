import type { WorldChat } from '../world/chat.ts';
import { PrivateChat } from '../world/chats.ts';
import type { WorldUser } from '../world/user.ts';
import type { Params } from './params.ts';

/** What goes wrong with calls of the Bot API, and when. */
export interface BotApiFault {
  /** As `sendMessage`; `*` is every method. */
  readonly method: string;
  /** How often; once unless said otherwise. */
  readonly times?: number;
  /** Only calls of that bot, by name or as such. */
  readonly bot?: WorldUser | string;
  /** Only calls that name that chat: a user, a chat as such, or what the caller gives as `chat_id`. */
  readonly chat?: WorldUser | WorldChat | number | string;
  /** Only calls whose parameters it accepts. */
  readonly match?: (params: Params) => boolean;
  /** Refuses the call, as in `[502, 'Bad Gateway']`; nothing is applied. */
  readonly error?: readonly [code: number, description: string];
  /** Refuses the call with 429 and so many seconds to wait; nothing is applied. */
  readonly retryAfterS?: number;
  /** From the first such call on, refuses all of them for so many seconds with 429 and what is left of the time. */
  readonly floodS?: number;
  /** Answers the error as a page of HTML, as a proxy in front of the Bot API does. */
  readonly html?: true;
  /** Drops the connection in place of applying the call, or applies it and drops the connection in place of the answer. */
  readonly drop?: 'before' | 'after';
  /** Leaves the connection open without an answer, in place of applying the call or once it is applied. */
  readonly swallow?: 'before' | 'after';
  /** Waits before anything else. */
  readonly delayMs?: number;
}

/** A call, as far as faults go by it. */
export interface Faulty {
  readonly method: string;
  readonly bot: WorldUser;
  readonly params: Params;
}

interface Armed extends BotApiFault {
  left: number;
  /** When its flood ends, once that has begun. */
  untilMs?: number;
}

/** The faults to come, in the order in which they were added. */
export class BotApiFaults {
  /** Added to every call. */
  latencyMs = 0;
  #armed: Armed[] = [];
  #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(fault: BotApiFault): void {
    this.#armed.push({ ...fault, left: fault.times ?? 1 });
  }

  /** Forgets all faults and the latency. */
  clear(): void {
    this.#armed = [];
    this.latencyMs = 0;
  }

  /** The fault of this call, which is one fewer then. */
  take(call: Faulty): BotApiFault | undefined {
    if (this.#armed.length === 0) return undefined;
    const nowMs = this.#nowMs();
    this.#armed = this.#armed.filter(({ untilMs = Number.POSITIVE_INFINITY }) => untilMs > nowMs);
    const found = this.#armed.find((fault) => fits(fault, call));
    if (found?.floodS !== undefined) {
      found.untilMs ??= nowMs + found.floodS * 1000;
      return { ...found, retryAfterS: Math.ceil((found.untilMs - nowMs) / 1000) };
    }
    if (found && --found.left <= 0) this.#armed = this.#armed.filter((fault) => fault !== found);
    return found;
  }
}

const chatIdOf = (chat: NonNullable<BotApiFault['chat']>, bot: WorldUser): string => {
  if (typeof chat !== 'object') return String(chat);
  return String(chat instanceof PrivateChat ? chat.markedIdFor(bot) : chat.id);
};

const fits = (fault: BotApiFault, { method, bot, params }: Faulty): boolean => {
  if (fault.method !== '*' && fault.method.toLowerCase() !== method.toLowerCase()) return false;
  if (fault.bot !== undefined && bot.name !== (typeof fault.bot === 'string' ? fault.bot : fault.bot.name))
    return false;
  if (fault.chat !== undefined && params.text('chat_id') !== chatIdOf(fault.chat, bot)) return false;
  return fault.match === undefined || fault.match(params);
};
