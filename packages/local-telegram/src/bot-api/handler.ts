import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorldUser } from '../world/user.ts';
import type { World } from '../world/world.ts';
import { errorAnswer, okAnswer, write } from './answer.ts';
import { BotApiError, tooManyRequests } from './bot-api-error.ts';
import { Call, type Method } from './call.ts';
import { chatMethods } from './chats.ts';
import type { BotApiFault, BotApiFaults } from './faults.ts';
import type { Limiter } from './limits.ts';
import { messageMethods } from './messages.ts';
import type { Params } from './params.ts';
import { readParams } from './read-params.ts';

/** One call that a bot made, in the order of arrival. */
export interface BotApiCall {
  /** As `sendMessage`. */
  readonly method: string;
  /** Unix time in milliseconds. */
  readonly at: number;
  /** The name of the bot. */
  readonly bot: string;
  /** As the bot gave it; empty where it gave none. */
  readonly chatId: string;
  /** What it was answered with; undefined as long as it was not, or where the connection was dropped in place of that. */
  status?: number;
  /** The description of what it was refused with. */
  error?: string;
}

/** By their names in lower case: the Bot API does not look at case. */
const methods = new Map(
  Object.entries({ ...chatMethods, ...messageMethods }).map(([name, method]): [string, [string, Method]] => [
    name.toLowerCase(),
    [name, method],
  ]),
);

const pathPattern = /^\/bot([^/]+)\/([^/]+)\/?$/;

const botOf = (world: World, given: string): WorldUser => {
  // Some clients escape the colon.
  const token = given.replace(/%3a/i, ':');
  const user = world.findUser(Number(token.split(':', 1)[0]));
  if (user?.bot && user.botToken === token) return user;
  throw new BotApiError(401, 'Unauthorized');
};

const errorOf = ({ error, retryAfterS }: BotApiFault): BotApiError | undefined => {
  if (retryAfterS !== undefined) return tooManyRequests(retryAfterS);
  return error && new BotApiError(...error);
};

/** A request that has been read: whose it is, and what it wants. */
interface Received {
  readonly bot: WorldUser;
  readonly name: string;
  /** Undefined where there is no such method here. */
  readonly method: Method | undefined;
  readonly params: Params;
}

/** Runs the calls of bots: reads them, applies the faults of the day, answers. */
export class Handler {
  readonly calls: BotApiCall[] = [];
  tooManyRequests = 0;
  #world: World;
  #limiter: Limiter;
  #faults: BotApiFaults;
  #closing: AbortSignal;
  #onError: (error: unknown) => void;

  /** `onError` is told of errors that are this server's own; the client gets a 500. */
  constructor(
    world: World,
    parts: {
      readonly limiter: Limiter;
      readonly faults: BotApiFaults;
      readonly closing: AbortSignal;
      readonly onError: (error: unknown) => void;
    },
  ) {
    this.#world = world;
    this.#limiter = parts.limiter;
    this.#faults = parts.faults;
    this.#closing = parts.closing;
    this.#onError = parts.onError;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      // A client that went away, and a server that closes under a delayed call, are nobody's fault.
      if (this.#closing.aborted || request.socket.destroyed) return;
      write(response, errorAnswer(this.#known(error)));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await this.#read(request);
    const { bot, name, params } = received;
    const record: BotApiCall = {
      method: name,
      at: Date.now(),
      bot: bot.name,
      chatId: params.text('chat_id'),
    };
    this.calls.push(record);
    const fault = this.#faults.take({ method: name, bot, params });
    const waitMs = this.#faults.latencyMs + (fault?.delayMs ?? 0);
    if (waitMs > 0) await delay(waitMs, undefined, { signal: this.#closing });
    if (fault?.drop === 'before') request.socket.destroy();
    if (fault?.drop === 'before' || fault?.swallow === 'before') return;
    const outcome = this.#run(received, fault);
    if (fault?.drop === 'after') request.socket.destroy();
    if (fault?.drop === 'after' || fault?.swallow === 'after') return;
    if (!(outcome instanceof BotApiError)) {
      record.status = 200;
      write(response, okAnswer(outcome));
      return;
    }
    record.status = outcome.code;
    record.error = outcome.message;
    if (outcome.code === 429) this.tooManyRequests++;
    write(response, errorAnswer(outcome, fault?.html));
  }

  /** @throws {BotApiError} */
  async #read(request: IncomingMessage): Promise<Received> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const params = await readParams(request, new URLSearchParams(query));
    const [, token, called] = pathPattern.exec(path) ?? [];
    if (token === undefined || called === undefined) throw new BotApiError(404, 'Not Found');
    const bot = botOf(this.#world, token);
    const [name, method] = methods.get(called.toLowerCase()) ?? [called];
    return { bot, name, method, params };
  }

  #run({ bot, method, params }: Received, fault: BotApiFault | undefined): unknown {
    try {
      const error = fault && errorOf(fault);
      if (error) throw error;
      if (!method) throw new BotApiError(404, 'Not Found: method not found');
      return method(new Call(this.#world, bot, params, this.#limiter));
    } catch (error) {
      return this.#known(error);
    }
  }

  #known(error: unknown): BotApiError {
    if (error instanceof BotApiError) return error;
    this.#onError(error);
    return new BotApiError(500, 'Internal Server Error', undefined, { cause: error });
  }
}
