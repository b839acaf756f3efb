import type { Broadcast } from '../../bots/broadcasts/broadcast.ts';
import type { BroadcastName } from '../../bots/broadcasts/broadcast-scripts.ts';
import { type BroadcastAction, BroadcastConflict, newBroadcastId } from '../../bots/broadcasts/broadcasts.ts';
import { viewOfBroadcast, viewOfOutcome } from '../broadcast-view.ts';
import { answerOnce, derivedId } from '../idempotency.ts';
import { Problem } from '../problem.ts';
import {
  answers,
  botParams,
  broadcastParams,
  createBroadcastBody,
  idempotencyHeaders,
  outcomesQuery,
  pageQuery,
  problems,
  recipientsBody,
} from '../schemas.ts';
import { type Api, type App, requireBot } from './api.ts';

const tags = ['Broadcasts'];
const actions = {
  start: 'Starts a draft: no more recipients can be added',
  pause: 'Pauses it. What is in the stream already goes out: some seconds’ worth',
  resume: 'Goes on with a paused one',
  cancel: 'Cancels it: whoever has not got it does not get it. It has ended when ended_at is there',
} as const satisfies Record<BroadcastAction, string>;

/** A list of 100,000 recipients takes up to 3 MB. */
const bodyLimit = 4 * 1024 * 1024;

const found = <T>(value: T | null | false): T => {
  if (value === null || value === false) throw new Problem('broadcast_not_found');
  return value;
};
const orConflict = (error: unknown): never => {
  if (error instanceof BroadcastConflict) throw new Problem('conflict', error.message, { cause: error });
  throw error;
};

/** Broadcasts: to many recipients, with a pause, an end, and an outcome for each of them. */
export const broadcastRoutes = (app: App, { redis, broadcasts }: Api): void => {
  const get = async (name: BroadcastName): Promise<Broadcast> => found(await broadcasts.find(name));

  app.route({
    method: 'POST',
    url: '/v1/bots/:botId/broadcasts',
    bodyLimit,
    schema: {
      ...{
        tags,
        operationId: 'createBroadcast',
        summary: 'Makes a broadcast and starts it, unless it is to be a draft',
      },
      params: botParams,
      headers: idempotencyHeaders,
      body: createBroadcastBody,
      response: { 201: answers.broadcast, ...problems },
    },
    handler: async ({ params: { botId }, body, headers }, reply) => {
      await requireBot(redis, botId);
      const { recipients = [], start = true, ...message } = body;
      if (start && recipients.length === 0)
        throw new Problem('invalid_request', 'body/recipients is needed, unless start is false');
      const attempt = { kind: 'broadcast', botId, key: headers['idempotency-key'], body } as const;
      const { answer, isRepeat } = await answerOnce(redis, attempt, async () => {
        const name = { botId, id: attempt.key === undefined ? newBroadcastId() : derivedId(attempt) };
        await broadcasts.create(name, message);
        try {
          await broadcasts.append(name, recipients);
          if (start) await broadcasts.change(name, 'start');
        } catch (error) {
          // A repeat, at the same time or of what was ended in the middle, may find it done: all of it, since it starts at the end.
          const isDone =
            error instanceof BroadcastConflict && error.state !== 'full' && error.state !== 'draft';
          if (attempt.key === undefined || !isDone) throw error;
        }
        return viewOfBroadcast(await get(name));
      }).catch(orConflict);
      if (isRepeat) reply.header('idempotency-replayed', 'true');
      return reply.code(201).header('location', `/v1/bots/${botId}/broadcasts/${answer.id}`).send(answer);
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/bots/:botId/broadcasts',
    schema: {
      ...{ tags, operationId: 'listBroadcasts', summary: 'A bot’s broadcasts, the newest first' },
      params: botParams,
      querystring: pageQuery(100, '^[0-9a-f]{24}$'),
      response: { 200: answers.broadcasts, ...problems },
    },
    handler: async ({ params: { botId }, query: { limit = 100, cursor } }) => {
      await requireBot(redis, botId);
      const page = await broadcasts.list(botId, { limit: limit + 1, after: cursor });
      const shown = page.slice(0, limit);
      const next = page.length > limit ? { next_cursor: `${shown.at(-1)?.id}` } : {};
      return { broadcasts: shown.map(viewOfBroadcast), ...next };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/bots/:botId/broadcasts/:broadcastId',
    schema: {
      ...{ tags, operationId: 'getBroadcast', summary: 'How a broadcast stands' },
      params: broadcastParams,
      response: { 200: answers.broadcast, ...problems },
    },
    handler: async ({ params: { botId, broadcastId: id } }) => viewOfBroadcast(await get({ botId, id })),
  });

  app.route({
    method: 'POST',
    url: '/v1/bots/:botId/broadcasts/:broadcastId/recipients',
    bodyLimit,
    schema: {
      ...{
        tags,
        operationId: 'addRecipients',
        summary: 'Adds recipients to a draft; a repeat adds nobody twice',
      },
      params: broadcastParams,
      body: recipientsBody,
      response: { 200: answers.broadcast, ...problems },
    },
    handler: async ({ params: { botId, broadcastId: id }, body }) => {
      found(await broadcasts.append({ botId, id }, body.recipients).catch(orConflict));
      return viewOfBroadcast(await get({ botId, id }));
    },
  });

  for (const [action, summary] of Object.entries(actions) as [BroadcastAction, string][])
    app.route({
      method: 'POST',
      url: `/v1/bots/:botId/broadcasts/:broadcastId/${action}`,
      schema: {
        ...{ tags, operationId: `${action}Broadcast`, summary },
        description: 'What is so already is no fault.',
        params: broadcastParams,
        response: { 200: answers.broadcast, ...problems },
      },
      handler: async ({ params: { botId, broadcastId: id } }) => {
        found(await broadcasts.change({ botId, id }, action).catch(orConflict));
        return viewOfBroadcast(await get({ botId, id }));
      },
    });

  app.route({
    method: 'GET',
    url: '/v1/bots/:botId/broadcasts/:broadcastId/outcomes',
    schema: {
      ...{ tags, operationId: 'listOutcomes', summary: 'Recipients in their order, and what became of each' },
      description:
        'With a status, only those of it. A page can be empty and have a `next_cursor`: it goes over 10,000 recipients at most.',
      params: broadcastParams,
      querystring: outcomesQuery,
      response: { 200: answers.outcomes, ...problems },
    },
    handler: async ({ params: { botId, broadcastId: id }, query: { limit = 100, cursor, status } }) => {
      const options = { from: Number(cursor ?? 0), limit, status };
      const { outcomes, next } = await broadcasts.outcomes(await get({ botId, id }), options);
      return {
        outcomes: outcomes.map(viewOfOutcome),
        ...(next === undefined ? {} : { next_cursor: `${next}` }),
      };
    },
  });
};
