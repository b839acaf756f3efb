import type { Logger } from '@heavy/service';
import type { LimitFunction } from 'p-limit';
import type { Method, Pace, Turn } from './pace/pace.ts';
import { longestHeldMs, pauseMs, putOff } from './patience.ts';

/** What a call to Telegram does that the chat can see. */
export interface Post {
  method: Method;
  chatId: number;
  /** Of an edit or a reaction the message, of a delete all that go. */
  messageIds?: readonly number[];
  /** Whose message this answers. */
  answers?: number;
  /** Which message this answers, where it is not known whose that is. */
  replyTo?: number | undefined;
}

type Call = () => Promise<unknown>;

interface Waiter {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** A call that waits for its turn, for all who will be answered by it. */
interface Job {
  post: Post;
  call: Call;
  waiters: Waiter[];
  signal: AbortSignal;
  /** Place among all jobs of the chat. */
  place: number;
  heldSince: number;
  turn?: Turn | undefined;
  /** Not before this: after a fault in passing. */
  notBefore: number;
  attempt: number;
  /** Its call is under way. */
  calling: boolean;
}

/** Jobs of one kind are carried out in their order: messages, or one of the things that are done to them. */
type Track = 'messages' | 'edit' | 'delete' | 'react';

interface Lane {
  tracks: Map<Track, Job[]>;
  /** Ends the pause of the lane, if it makes one. */
  wake?: (() => void) | undefined;
}

/** Jobs of a chat that has to wait; more of them would take the room of the messages for other chats. */
const maxHeld = 500;

const trackOf = (method: Method): Track => (method === 'send' || method === 'media' ? 'messages' : method);

const sizeOf = ({ tracks }: Lane): number => tracks.values().reduce((size, jobs) => size + jobs.length, 0);

const concernsOneOf = ({ post }: Job, messageIds: readonly number[] = []): boolean =>
  post.messageIds?.some((id) => messageIds.includes(id)) ?? false;

/**
 * A lane for each chat: one call at a time, in the order in which they were given. Calls that have to wait (for their pace, or
 * for a wait that Telegram imposed) hold up those of the same kind and no others, in no other chat, and hold no place of `limit`.
 * An edit that waits is replaced by a later one of the same message. A delete goes before the edits that wait, and those
 * of what it deletes are dropped. Whoever asked for what was replaced or dropped is answered by what came in its place, with
 * nothing as the result.
 */
export const createLanes = ({ pace, limit, log }: { pace: Pace; limit: LimitFunction; log: Logger }) => {
  const lanes = new Map<number, Lane>();
  let places = 0;

  const jobsOf = (lane: Lane, track: Track): Job[] => {
    const jobs = lane.tracks.get(track) ?? [];
    lane.tracks.set(track, jobs);
    return jobs;
  };
  const remove = (lane: Lane, job: Job): boolean => {
    const jobs = jobsOf(lane, trackOf(job.post.method));
    const at = jobs.indexOf(job);
    if (at === -1) return false;
    jobs.splice(at, 1);
    return true;
  };
  const fail = ({ waiters }: Job, error: unknown): void => {
    for (const { reject } of waiters) reject(error);
  };
  /** The waiters of a job that is not carried out itself: they have no use for another's result. */
  const handOver = (from: Job, to: Job): void => {
    for (const { resolve, reject } of from.waiters)
      to.waiters.push({ resolve: () => resolve(undefined), reject });
    to.heldSince = Math.min(to.heldSince, from.heldSince);
  };

  /** The waiting job by which this one, which is older, has become needless. */
  const superseding = (lane: Lane, { post }: Job): Job | undefined =>
    post.method !== 'edit'
      ? undefined
      : (jobsOf(lane, 'delete').find((job) => concernsOneOf(job, post.messageIds)) ??
        jobsOf(lane, 'edit').find((job) => concernsOneOf(job, post.messageIds)));

  const add = (lane: Lane, job: Job): void => {
    const { method, messageIds } = job.post;
    const edits = jobsOf(lane, 'edit').filter((edit) => concernsOneOf(edit, messageIds));
    if (method === 'delete')
      for (const edit of edits) {
        remove(lane, edit);
        edit.turn?.giveBack();
        handOver(edit, job);
      }
    const [earlier] = method === 'edit' ? edits : [];
    if (earlier) {
      // In its place in the line, so that one that is edited over and over has its turn in the end.
      const jobs = jobsOf(lane, 'edit');
      jobs[jobs.indexOf(earlier)] = job;
      handOver(earlier, job);
      job.place = earlier.place;
      job.turn = earlier.turn;
      job.notBefore = earlier.notBefore;
    } else jobsOf(lane, trackOf(method)).push(job);
  };

  /** Back to the head of its track, unless something came meanwhile that makes it needless. */
  const putBack = (lane: Lane, job: Job): void => {
    const later = superseding(lane, job);
    if (later) handOver(job, later);
    else jobsOf(lane, trackOf(job.post.method)).unshift(job);
  };

  /** When the job may be carried out, in Unix milliseconds. */
  const readyAt = (job: Job, now: number): number => {
    const blockedUntil = Math.max(pace.blockedUntil(job.post), job.notBefore);
    if (blockedUntil > now) return blockedUntil;
    if (!job.turn || job.turn.isVoid()) job.turn = pace.reserve(job.post);
    return job.turn.at;
  };

  /** The next job: of those that are ready the first, though no edit before a delete; else the one that will be first. */
  const choose = (lane: Lane, now: number): { job: Job; at: number } | undefined => {
    const heads = [...lane.tracks.values()]
      .flatMap((jobs) => jobs.slice(0, 1))
      .map((job) => ({ job, at: readyAt(job, now) }));
    const ready = heads.filter(({ at }) => at <= now).sort((a, b) => a.job.place - b.job.place);
    const isDelete = ({ job }: { job: Job }) => job.post.method === 'delete';
    const [first] = ready;
    if (first?.job.post.method === 'edit') return ready.find(isDelete) ?? first;
    return first ?? heads.sort((a, b) => a.at - b.at)[0];
  };

  /** Gives what would be held for too long back to the queue, whole tracks of it: their order is kept. */
  const putOffWhatIsLate = (lane: Lane, now: number): void => {
    for (const jobs of lane.tracks.values()) {
      const [head] = jobs;
      if (!head) continue;
      const waitMs = readyAt(head, now) - now;
      const isLate = waitMs > longestHeldMs || now - head.heldSince > longestHeldMs;
      if (waitMs <= 0 || !isLate) continue;
      head.turn?.giveBack();
      for (const job of jobs.splice(0)) fail(job, putOff(Math.max(waitMs, 1)));
    }
  };

  const carryOut = async (lane: Lane, job: Job): Promise<void> => {
    const calledAt = Date.now();
    job.calling = true;
    try {
      const result = await job.call();
      for (const { resolve } of job.waiters) resolve(result);
    } catch (error) {
      if (job.signal.aborted) return fail(job, job.signal.reason);
      job.calling = false;
      job.turn = undefined;
      if (pace.learn(job.post, error, calledAt)) return putBack(lane, job);
      const waitMs = pauseMs(error, job.attempt);
      if (waitMs === null) return fail(job, error);
      log.warn(
        { err: error, attempt: job.attempt, waitMs },
        'Telegram did not take the call; it will be repeated',
      );
      job.attempt += 1;
      job.notBefore = Date.now() + waitMs;
      putBack(lane, job);
    }
  };

  /** Carries the next job out if one is ready. */
  const step = async (lane: Lane): Promise<void> => {
    const now = Date.now();
    const next = choose(lane, now);
    if (!next || next.at > now) return;
    remove(lane, next.job);
    await carryOut(lane, next.job);
  };

  const pauseLane = async (lane: Lane, ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    lane.wake = resolve;
    await promise;
    clearTimeout(timer);
    lane.wake = undefined;
  };

  const run = async (chatId: number, lane: Lane): Promise<void> => {
    for (;;) {
      const now = Date.now();
      putOffWhatIsLate(lane, now);
      const next = choose(lane, now);
      if (!next) break;
      if (next.at > now) await pauseLane(lane, next.at - now);
      else await limit(() => step(lane));
    }
    lanes.delete(chatId);
  };

  return {
    /**
     * Resolves with the result of the call.
     * @throws what no waiting can mend, `putOff` for what would wait too long, and the abort reason of `signal`.
     */
    post: async <T>(post: Post, call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
      signal.throwIfAborted();
      const { chatId } = post;
      const known = lanes.get(chatId);
      if (known?.wake && sizeOf(known) >= maxHeld) throw putOff(longestHeldMs);
      const lane: Lane = known ?? { tracks: new Map() };
      const { promise, ...waiter } = Promise.withResolvers<unknown>();
      places += 1;
      const job: Job = {
        ...{ post, call, signal, waiters: [waiter], place: places },
        ...{ heldSince: Date.now(), notBefore: 0, attempt: 0, calling: false },
      };
      add(lane, job);
      if (known) known.wake?.();
      else {
        lanes.set(chatId, lane);
        void run(chatId, lane);
      }
      const abort = () => {
        // What is under way may still end well in the time that a handler has to let go.
        if (job.calling) return;
        if (remove(lane, job)) job.turn?.giveBack();
        fail(job, signal.reason);
        lane.wake?.();
      };
      signal.addEventListener('abort', abort, { once: true });
      try {
        return (await promise) as T;
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
};

export type Lanes = ReturnType<typeof createLanes>;
