import { createPace, type Pace } from './pace.ts';
import type { BotsSettings } from './settings.ts';

export const streamNames = ['regular', 'broadcast'] as const;
export type StreamName = (typeof streamNames)[number];

/** An entry of a stream that waits for its turn. */
export interface Item {
  stream: StreamName;
  id: string;
  /** What decides which limits it is under. */
  kind: 'send' | 'edit' | 'delete';
  /** Its fields; read anew where memory was short. */
  fields?: Record<string, string> | undefined;
  /** Ids of the parts of it that were sent. */
  sent: number[];
  /** It was on its way when its sender ended. */
  interrupted: boolean;
  /** Since when it is tried in vain, and how often. */
  failing?: { since: number; times: number };
}

/** The entries of one stream for one chat, in order. */
export interface Lane {
  chat: Chat;
  stream: StreamName;
  items: Item[];
  /** Where the scheduler has it. */
  place: 'none' | 'ready' | 'later';
}

/** A chat of one bot, with what is known of it. */
export interface Chat {
  key: string;
  /** How the Bot API is to be told of it: differs from the key once a group has become a supergroup. */
  id: number | string;
  lanes: Record<StreamName, Lane>;
  /** One call at a time. */
  busy: boolean;
  /** A message some of whose parts were sent: nothing may come in between. */
  partial?: Item | undefined;
  waitUntil: number;
  unreachable?: { until: number; details: string } | undefined;
  sends: Pace[];
  edits: Pace;
}

/** One name for a chat, however it is written: `"5"` and `5`, `@Name` and `@name`. */
export const chatIdOf = (written: number | string): number | string =>
  typeof written === 'string' && /^-?[0-9]{1,15}$/.test(written) ? Number(written) : written;
export const chatKeyOf = (written: number | string): string => String(chatIdOf(written)).toLowerCase();

const minuteMs = 60_000;

export const createChat = (id: number | string, settings: BotsSettings, leastTripMs: () => number): Chat => {
  const isGroup = typeof id === 'string' ? id.startsWith('@') : id < 0;
  const each = {
    count: settings.BOT_CHAT_INTERVAL_MS === 0 ? 0 : 1,
    windowMs: settings.BOT_CHAT_INTERVAL_MS,
  };
  const group = { count: settings.BOT_GROUP_MESSAGES_PER_MINUTE, windowMs: minuteMs };
  const lane = (stream: StreamName): Omit<Lane, 'chat'> => ({ stream, items: [], place: 'none' });
  const chat: Omit<Chat, 'lanes'> = {
    key: chatKeyOf(id),
    id,
    busy: false,
    waitUntil: 0,
    sends: [each, ...(isGroup ? [group] : [])].map((rate) => createPace(rate, leastTripMs)),
    edits: createPace({ count: settings.BOT_EDITS_PER_MINUTE, windowMs: minuteMs }, leastTripMs),
  };
  const whole = chat as Chat;
  whole.lanes = {
    regular: { ...lane('regular'), chat: whole },
    broadcast: { ...lane('broadcast'), chat: whole },
  };
  return whole;
};

/** The limits that an entry is under in its chat. */
export const pacesOf = (chat: Chat, { kind }: Item): Pace[] =>
  kind === 'send' ? chat.sends : kind === 'edit' ? [chat.edits] : [];
