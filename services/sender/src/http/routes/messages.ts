import { iso } from '../bot-view.ts';
import { chatOf, enqueueMessage, findEntry } from '../entries.ts';
import { Problem } from '../problem.ts';
import {
  answers,
  botParams,
  editBody,
  idempotencyHeaders,
  messageParams,
  problems,
  sendBody,
  sentMessageParams,
} from '../schemas.ts';
import { type Api, type App, requireBot } from './api.ts';

const tags = ['Messages'];

/** Messages of a bot: send, edit, delete, and what became of it. */
export const messageRoutes = (app: App, { redis, streams }: Api): void => {
  const path = (botId: number, entryId: string): string => `/v1/bots/${botId}/messages/${entryId}`;
  /** For what Telegram may be told twice. */
  const noKey = (botId: number) => ({ kind: 'message', botId, key: undefined, body: null }) as const;

  app.route({
    method: 'POST',
    url: '/v1/bots/:botId/messages',
    schema: {
      ...{ tags, operationId: 'sendMessage', summary: 'Sends a message' },
      description:
        'It is in the stream when the answer comes. What became of it is at `Location`, for 24 hours.',
      params: botParams,
      headers: idempotencyHeaders,
      body: sendBody,
      response: { 202: answers.accepted, ...problems },
    },
    handler: async ({ params: { botId }, body, headers }, reply) => {
      await requireBot(redis, botId);
      const attempt = { kind: 'message', botId, key: headers['idempotency-key'], body } as const;
      const message = { type: 'send_msg', data: { bot_id: botId, ...body } } as const;
      const { entryId, isRepeat } = await enqueueMessage(redis, streams, message, attempt);
      if (isRepeat) reply.header('idempotency-replayed', 'true');
      return reply.code(202).header('location', path(botId, entryId)).send({ entry_id: entryId });
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/bots/:botId/messages/:entryId',
    schema: {
      ...{
        tags,
        operationId: 'getMessage',
        summary: 'What became of a message that was sent, edited or deleted here',
      },
      params: messageParams,
      response: { 200: answers.message, ...problems },
    },
    handler: async ({ params: { botId, entryId } }) => {
      const found = await findEntry(redis, streams, botId, entryId);
      if (!found) throw new Problem('message_not_found');
      if (!('at' in found)) return { entry_id: entryId, status: found.status };
      const { status, messageId, details, at } = found;
      return {
        ...{ entry_id: entryId, status, at: iso(at) },
        ...(messageId === undefined ? {} : { message_id: messageId }),
        ...(details === undefined ? {} : { details }),
      };
    },
  });

  app.route({
    method: 'PATCH',
    url: '/v1/bots/:botId/chats/:chatId/messages/:messageId',
    schema: {
      ...{ tags, operationId: 'editMessage', summary: 'Edits a message; without a text, its buttons alone' },
      params: sentMessageParams,
      body: editBody,
      response: { 202: answers.accepted, ...problems },
    },
    handler: async ({ params: { botId, chatId, messageId }, body }, reply) => {
      await requireBot(redis, botId);
      const data = { bot_id: botId, chat_id: chatOf(chatId), message_id: messageId, ...body };
      const { entryId } = await enqueueMessage(redis, streams, { type: 'edit_msg', data }, noKey(botId));
      return reply.code(202).header('location', path(botId, entryId)).send({ entry_id: entryId });
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/bots/:botId/chats/:chatId/messages/:messageId',
    schema: {
      ...{ tags, operationId: 'deleteMessage', summary: 'Deletes a message' },
      params: sentMessageParams,
      response: { 202: answers.accepted, ...problems },
    },
    handler: async ({ params: { botId, chatId, messageId } }, reply) => {
      await requireBot(redis, botId);
      const data = { bot_id: botId, chat_id: chatOf(chatId), message_id: messageId };
      const { entryId } = await enqueueMessage(redis, streams, { type: 'del_msg', data }, noKey(botId));
      return reply.code(202).header('location', path(botId, entryId)).send({ entry_id: entryId });
    },
  });
};
