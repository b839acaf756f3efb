import type { BotStreams } from '@heavy/contracts';
import type { SessionKey } from '@heavy/telegram';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Redis } from 'ioredis';
import type { Broadcasts } from '../../bots/broadcasts/broadcasts.ts';
import { isBot } from '../bot-view.ts';
import { Problem } from '../problem.ts';
import type { TypeBoxProvider } from '../validation.ts';

/** What the routes work with. */
export interface Api {
  redis: Redis;
  streams: BotStreams;
  broadcasts: Broadcasts;
  /** What tokens are sealed with; without it no bot can be added. */
  sessionKey: SessionKey | undefined;
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxProvider
>;

/** @throws {Problem} unless the bot has been added. */
export const requireBot = async (redis: Redis, botId: number): Promise<void> => {
  if (!(await isBot(redis, botId))) throw new Problem('bot_not_found');
};
