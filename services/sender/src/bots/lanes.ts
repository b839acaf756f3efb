import { type Chat, type Item, type Lane, pacesOf, type StreamName, streamNames } from './chat.ts';

/**
 * Who is next: both streams in turn, and within a stream whichever chat has been ready for longest. Turns that the broadcast had while
 * no regular message waited are made up for: so many regular ones go before its next, but no more than take a second.
 */
export interface Lanes {
  /** Adds an entry in the order of ids; entries of one stream mostly come in that order. */
  add(chat: Chat, item: Item, now: number): void;
  /**
   * Takes the next entry that may be sent now; its chat is busy until `done`. Where calls are scarce, the broadcast leaves them to
   * regular messages, if there were any of late and it has had its turns.
   */
  next(now: number, isScarce?: boolean): { chat: Chat; item: Item } | undefined;
  /** The chat's call is over; `settled` takes the entry away. */
  done(chat: Chat, item: Item, settled: boolean, now: number): void;
  /** When the first of those comes up that are not ready; Infinity where none is waiting. */
  nextAt(): number;
  /** Lanes of a stream that can be served up to then. */
  servableBy(stream: StreamName, at: number): number;
}

/** Turns that are made up for, at most. */
const mostCredit = 30;
/** Regular messages that come so close on each other are a conversation: the next is to be expected. */
const conversationMs = 5000;

const isBefore = (id: string, other: string): boolean => {
  const [ms = '0', seq = '0'] = id.split('-');
  const [otherMs = '0', otherSeq = '0'] = other.split('-');
  return ms === otherMs ? Number(seq) < Number(otherSeq) : Number(ms) < Number(otherMs);
};

/** When the first entry of a lane may be sent; undefined while another one of the chat has to be done with first. */
const readyAt = ({ chat, stream, items: [head] }: Lane, now: number): number | undefined => {
  if (!head || chat.busy || (chat.partial && chat.partial.stream !== stream)) return undefined;
  if (head.interrupted || (chat.unreachable && chat.unreachable.until > now)) return now;
  return Math.max(chat.waitUntil, ...pacesOf(chat, head).map((pace) => pace.readyAt(now)));
};

export const createLanes = (): Lanes => {
  const ready: Record<StreamName, Set<Lane>> = { regular: new Set(), broadcast: new Set() };
  /** In order of time. */
  const later: { at: number; lane: Lane }[] = [];
  /** Regular messages that may go before the next of the broadcast. */
  let credit = 1;
  let regularAt = Number.NEGATIVE_INFINITY;

  const waitUntil = (lane: Lane, at: number): void => {
    lane.place = 'later';
    let [low, high] = [0, later.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((later[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    later.splice(low, 0, { at, lane });
  };
  const place = (lane: Lane, now: number): void => {
    if (lane.place !== 'none') return;
    const at = readyAt(lane, now);
    if (at === undefined) return;
    if (at > now) {
      waitUntil(lane, at);
      return;
    }
    lane.place = 'ready';
    ready[lane.stream].add(lane);
  };
  const promote = (now: number): void => {
    for (let first = later[0]; first && first.at <= now; first = later[0]) {
      later.shift();
      first.lane.place = 'none';
      place(first.lane, now);
    }
  };
  /** The first lane of a stream that is ready still: what was ready may have to wait by now. */
  const take = (stream: StreamName, now: number): Lane | undefined => {
    for (const lane of ready[stream]) {
      ready[stream].delete(lane);
      lane.place = 'none';
      const at = readyAt(lane, now);
      if (at !== undefined && at <= now) return lane;
      place(lane, now);
    }
    return undefined;
  };

  return {
    add: (chat, item, now) => {
      const lane = chat.lanes[item.stream];
      const { items } = lane;
      let at = items.length;
      // What is under way stays in front.
      const least = items[0] && (chat.busy || chat.partial === items[0]) ? 1 : 0;
      while (at > least && isBefore(item.id, items[at - 1]?.id ?? item.id)) at -= 1;
      items.splice(at, 0, item);
      place(lane, now);
    },
    next: (now, isScarce = false) => {
      promote(now);
      const isKept = isScarce && credit > 0 && now - regularAt < conversationMs;
      for (const stream of credit > 0 ? streamNames : streamNames.toReversed()) {
        const lane = stream === 'broadcast' && isKept ? undefined : take(stream, now);
        const item = lane?.items[0];
        if (!lane || !item) continue;
        if (stream === 'broadcast') credit = Math.min(mostCredit, credit + 1);
        else if (ready.broadcast.size > 0) credit = Math.max(0, credit - 1);
        if (stream === 'regular') regularAt = now;
        lane.chat.busy = true;
        return { chat: lane.chat, item };
      }
      return undefined;
    },
    done: (chat, item, settled, now) => {
      chat.busy = false;
      if (settled) {
        chat.lanes[item.stream].items.shift();
        if (chat.partial === item) chat.partial = undefined;
      }
      for (const stream of streamNames) place(chat.lanes[stream], now);
    },
    nextAt: () => later[0]?.at ?? Number.POSITIVE_INFINITY,
    servableBy: (stream, at) =>
      ready[stream].size + later.filter((one) => one.at <= at && one.lane.stream === stream).length,
  };
};
