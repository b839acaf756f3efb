import { telegramRaw } from '@heavy/contracts';
import { type Broker, runInContext } from '@heavy/messaging';
import type { Logger } from '@heavy/service';
import type { IncomingMessage, TelegramAccount } from '@heavy/telegram';
import type { Redis } from 'ioredis';
import { mayUse, type Role, roleOf } from './access.ts';
import { commandWord, isRegistered } from './command-words.ts';
import { correlationIdOf, eventIdOf, rawEvent } from './raw-event.ts';
import { repliedTo } from './replied-to.ts';

interface Deps {
  account: TelegramAccount;
  broker: Broker;
  redis: Redis;
  log: Logger;
  config: { ADMIN_IDS: number[]; OPEN_TO: 'admins' | 'everyone' };
  /** Called with the seconds from receiving the update to the broker's confirm. */
  dispatched: (seconds: number) => void;
}

const publish = async (deps: Deps, message: IncomingMessage, word: string, role: Role): Promise<void> => {
  const { account, broker, log, dispatched } = deps;
  const self = account.identity.id;
  const data = rawEvent(self, message, word, role, await repliedTo(deps, message));
  const id = await broker.publish(telegramRaw, data, { id: eventIdOf(self, message) });
  const seconds = (Date.now() - message.receivedAt) / 1000;
  dispatched(seconds);
  log.info(
    { eventId: id, word, role, chatId: message.chat.id, messageId: message.id, dispatchMs: seconds * 1000 },
    'command published',
  );
};

/**
 * Publishes `events.telegram.raw` for a new message that begins with a registered command word and whose sender may use
 * it. Everything else ends here. The event is durable when the promise resolves.
 */
export const messageReceived =
  (deps: Deps) =>
  async (message: IncomingMessage): Promise<void> => {
    const word = message.edited ? null : commandWord(message.text);
    if (word === null || !(await isRegistered(deps.redis, word))) return;
    const correlationId = correlationIdOf(deps.account.identity.id, message);
    await runInContext({ correlationId }, async () => {
      const role = roleOf(message.sender.id, deps.config.ADMIN_IDS, message.outgoing);
      if (mayUse(role, deps.config.OPEN_TO)) return publish(deps, message, word, role);
      deps.log.info({ word, chatId: message.chat.id, userId: message.sender.id }, 'command not allowed');
    });
  };
