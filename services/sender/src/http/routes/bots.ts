import { type AddBot, botControlSchemas, faultOf, type RemoveBot } from '@heavy/contracts';
import { sealBotToken } from '@heavy/telegram';
import { botIds, viewOfBot } from '../bot-view.ts';
import { enqueueOnce } from '../idempotency.ts';
import { Problem } from '../problem.ts';
import { addBotBody, answers, botParams, idempotencyHeaders, pageQuery, problems } from '../schemas.ts';
import { type Api, type App, requireBot } from './api.ts';

const tags = ['Bots'];

/** Bots: add, remove, and see how they are doing. */
export const botRoutes = (app: App, { redis, streams, broadcasts, sessionKey }: Api): void => {
  app.route({
    method: 'GET',
    url: '/v1/bots',
    schema: {
      ...{ tags, operationId: 'listBots', summary: 'All bots, by their ids' },
      querystring: pageQuery(100, '^[0-9]{1,16}$'),
      response: { 200: answers.bots, ...problems },
    },
    handler: async ({ query: { limit = 100, cursor } }) => {
      const ids = (await botIds(redis)).filter((id) => id > Number(cursor ?? 0));
      const page = ids.slice(0, limit);
      const bots = await Promise.all(page.map((id) => viewOfBot(redis, streams, id)));
      return { bots, ...(ids.length > limit ? { next_cursor: `${page.at(-1)}` } : {}) };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/bots',
    schema: {
      ...{
        tags,
        operationId: 'addBot',
        summary: 'Adds a bot, or changes the token or setting of one that is there',
      },
      description:
        'The sender asks Telegram whether the token is right. The bot can be seen, and written with, once that is so: some moments later.',
      headers: idempotencyHeaders,
      body: addBotBody,
      response: { 202: answers.accepted, ...problems },
    },
    handler: async ({ body, headers }, reply) => {
      const botId = Number(body.token.split(':', 1)[0]);
      if (!sessionKey)
        throw new Problem('unavailable', 'HEAVY_SESSION_KEY is not set: without it no token can be kept.', {
          headers: { 'retry-after': '60' },
        });
      // What Redis has been told stays in its append-only file for a while.
      const data: AddBot = { bot_id: botId, ...body, token: sealBotToken(body.token, sessionKey) };
      const fault = faultOf(botControlSchemas.add_bot, data);
      if (fault) throw new Problem('invalid_request', fault);
      const attempt = { kind: 'bot', botId, key: headers['idempotency-key'], body } as const;
      const fields = { type: 'add_bot', data: JSON.stringify(data) };
      const { entryId, isRepeat } = await enqueueOnce(redis, streams.control, fields, attempt);
      if (isRepeat) reply.header('idempotency-replayed', 'true');
      return reply.code(202).header('location', `/v1/bots/${botId}`).send({ entry_id: entryId });
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/bots/:botId',
    schema: {
      ...{ tags, operationId: 'getBot', summary: 'How a bot is doing: queues, waits, rates' },
      params: botParams,
      response: { 200: answers.bot, ...problems },
    },
    handler: async ({ params: { botId } }) => {
      await requireBot(redis, botId);
      return viewOfBot(redis, streams, botId);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/bots/:botId',
    schema: {
      ...{ tags, operationId: 'removeBot', summary: 'Removes a bot, and cancels its broadcasts' },
      params: botParams,
      response: { 202: answers.accepted, ...problems },
    },
    handler: async ({ params: { botId } }, reply) => {
      await requireBot(redis, botId);
      await broadcasts.cancelAll(botId);
      const data: RemoveBot = { bot_id: botId };
      const fields = { type: 'remove_bot', data: JSON.stringify(data) };
      const attempt = { kind: 'bot', botId, key: undefined, body: null } as const;
      const { entryId } = await enqueueOnce(redis, streams.control, fields, attempt);
      return reply.code(202).send({ entry_id: entryId });
    },
  });
};
