import type { WorldChat } from '../world/chat.ts';
import type { WorldMessage } from '../world/message.ts';
import type { WorldUser } from '../world/user.ts';
import type { World } from '../world/world.ts';
import { tooManyRequests } from './bot-api-error.ts';
import type { Doing, Limiter } from './limits.ts';
import { type BotApiObject, messageObject } from './objects.ts';
import type { Params } from './params.ts';

/** One call of a bot. */
export class Call {
  readonly world: World;
  readonly bot: WorldUser;
  readonly params: Params;
  #limiter: Limiter;

  constructor(world: World, bot: WorldUser, params: Params, limiter: Limiter) {
    this.world = world;
    this.bot = bot;
    this.params = params;
    this.#limiter = limiter;
  }

  /**
   * To be called once nothing else speaks against it.
   * @throws {BotApiError} 429 with the seconds that are left, rounded up.
   */
  count(what: Doing['what'], chat: WorldChat): void {
    const waitMs = this.#limiter.take({ what, botId: this.bot.id, chatId: chat.markedIdFor(this.bot) });
    if (waitMs > 0) throw tooManyRequests(Math.ceil(waitMs / 1000));
  }

  object(message: WorldMessage): BotApiObject {
    return messageObject(this.world, message, this.bot);
  }
}

/** Runs at once, so that nothing comes between two looks at the world. */
export type Method = (call: Call) => BotApiObject | true;
