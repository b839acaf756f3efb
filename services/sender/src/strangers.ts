import { redisKeys } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import { PeerFlood, randomIdFrom, type TelegramAccount } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import type { Post } from './lanes.ts';
import { withPatience } from './patience.ts';

/** Telegram's alarm; Unix times in milliseconds. */
interface Alarm {
  since: number;
  until: number;
  /** The account was told in its saved messages. */
  told: boolean;
}

/** For telling it to the account. */
const tellMs = 60_000;

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const remedy = ({ since, until }: Alarm): string =>
  `Telegram has restricted the account for writing to strangers (PEER_FLOOD, ${time(since)}). Until ${time(until)} nothing is sent to people who are no contacts and have not written first. See what @SpamBot says of the account, and what writes to strangers.`;

/**
 * What Telegram answers with PEER_FLOOD makes it worse where it is tried again. The first such answer raises an alarm, which Redis keeps:
 * for `pauseMs`, what goes to a stranger is refused here. A stranger is who is no contact of the account, in a
 * private chat, unless the message answers one of theirs.
 */
export const createStrangers = ({
  account,
  redis,
  pauseMs,
  log,
}: {
  account: TelegramAccount;
  redis: Redis;
  pauseMs: number;
  log: Logger;
}) => {
  const { id: ownId } = account.identity;
  const key = redisKeys.peerFlood(ownId);
  let alarm: Alarm | undefined;

  const active = (): Alarm | undefined => (alarm && Date.now() < alarm.until ? alarm : undefined);
  const keep = (one: Alarm) => redis.set(key, JSON.stringify(one), 'PXAT', one.until);

  const tell = async (one: Alarm): Promise<void> => {
    const message = {
      ...{ chatId: ownId, text: remedy(one) },
      randomId: randomIdFrom(`peer-flood:${ownId}:${one.since}`),
    };
    try {
      await withPatience(() => account.sendText(message), AbortSignal.timeout(tellMs), log);
      one.told = true;
      await keep(one);
    } catch (err) {
      log.warn({ err }, 'the account was not told of the alarm; the next start tries again');
    }
  };
  const raise = async (err: PeerFlood): Promise<void> => {
    if (active()) return;
    const since = Date.now();
    const raised = { since, until: since + pauseMs, told: false };
    alarm = raised;
    log.error({ err }, remedy(raised));
    // First kept, so that it is known whatever comes of telling it.
    await keep(raised).catch((error: unknown) =>
      log.warn({ err: error }, 'the alarm is known to this process only'),
    );
    void tell(raised);
  };

  const isStranger = async ({ method, chatId, answers, replyTo }: Post): Promise<boolean> => {
    if (method !== 'send' && method !== 'media') return false;
    if (chatId <= 0 || chatId === ownId || answers === chatId) return false;
    if (await account.isContact(chatId)) return false;
    if (replyTo === undefined) return true;
    return (await account.getMessage(chatId, replyTo))?.sender.id !== chatId;
  };

  return {
    /** Takes over the alarm of an earlier process. */
    load: async (): Promise<void> => {
      const kept = await redis.get(key);
      if (kept === null) return;
      alarm = JSON.parse(kept) as Alarm;
      if (!alarm.told) void tell(alarm);
    },
    /** What the operator has to know of an alarm, as long as there is one. */
    detail: (): string | undefined => {
      const one = active();
      return one && remedy(one);
    },
    /** Makes the call, unless it would reach a stranger in an alarm. @throws {PeerFlood} */
    guard: async <T>(post: Post, call: () => Promise<T>): Promise<T> => {
      if (active() && (await isStranger(post))) throw new PeerFlood('PEER_FLOOD', 'a stranger');
      try {
        return await call();
      } catch (error) {
        if (error instanceof PeerFlood) await raise(error);
        throw error;
      }
    },
  };
};

export type Strangers = ReturnType<typeof createStrangers>;
