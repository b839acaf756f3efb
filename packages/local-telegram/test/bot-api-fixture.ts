import { Api as BotApiClient, type GrammyError } from 'grammy';
import { afterEach, expect } from 'vitest';
import { type BotApi, type BotApiOptions, startBotApi, type WorldUser } from '../src/index.ts';
import type { localTelegram } from './fixture.ts';

/** What a call is refused with. */
export const refused = async (call: Promise<unknown>): Promise<[code: number, description: string]> => {
  const { error_code, description } = await refusal(call);
  return [error_code, description];
};

/** The error of a call that is to be refused. */
export const refusal = (call: Promise<unknown>): Promise<GrammyError> =>
  call.then(
    (result) => expect.fail(`was not refused: ${JSON.stringify(result)}`),
    (error: GrammyError) => error,
  );

export const clientOf = (botApi: BotApi, bot: WorldUser | string): BotApiClient =>
  new BotApiClient(typeof bot === 'string' ? bot : bot.botToken, { apiRoot: botApi.url });

/** Starts Bot API servers, each with a bot that alice has started, and closes them after the test. */
export const botApiOf = (telegram: ReturnType<typeof localTelegram>) => {
  const servers: BotApi[] = [];
  const errors: unknown[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    expect(errors.splice(0), 'errors in the server itself').toEqual([]);
  });

  /** The clock of the limits stands still until it is moved. */
  return async (options: BotApiOptions = {}) => {
    const { world } = telegram;
    const bot = world.addUser('quiz_bot', { bot: true });
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    alice.starts(bot);
    const clock = { ms: 0 };
    const onError = (error: unknown) => errors.push(error);
    const botApi = await startBotApi(world, { nowMs: () => clock.ms, onError, ...options });
    servers.push(botApi);
    const chat = world.privateChat(bot, alice);
    const texts = () => chat.messages().map(({ text }) => text);
    return { world, bot, alice, bob, chat, texts, clock, botApi, api: clientOf(botApi, bot) };
  };
};
