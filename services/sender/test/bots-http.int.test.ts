import { redisKeys } from '@heavy/contracts';
import { openBotToken } from '@heavy/telegram';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  addBot,
  apiKey,
  createServer,
  emptyRedis,
  type RunningApi,
  sessionKey,
  startApi,
  streams,
} from './bots-http-fixture.ts';

let redis: Redis;
let api: RunningApi;
let botId: number;
const ask: RunningApi['ask'] = (...request) => api.ask(...request);

beforeAll(async () => {
  redis = await emptyRedis(inject('redis').url, 12);
  api = await startApi(redis);
});
beforeEach(async () => {
  await redis.del(streams.control);
  botId = await addBot(redis);
});
afterAll(async () => {
  await api?.close();
  redis?.disconnect();
});

const entriesOf = async (stream: string) =>
  (await redis.xrange(stream, '-', '+')).map(([id, [, type, , data, ...more]]) => ({
    ...{ id, type, data: JSON.parse(data ?? ''), more },
  }));
const problem = (status: number, code: string, more: object = {}) =>
  expect.objectContaining({
    ...{ status, body: expect.objectContaining({ type: `urn:heavy:problem:${code}`, status, ...more }) },
  });
const keepOutcome = ['keep_outcome', '1'];

describe('bots', () => {
  const token = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';

  it('are added by an entry of the control stream, once for each key, and the token is nowhere in clear', async () => {
    const request = { token, is_sent_logs: true };
    const { status, headers, body } = await ask('POST', '/v1/bots', request, { 'idempotency-key': 'a' });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe('/v1/bots/123456789');
    expect((await ask('POST', '/v1/bots', request, { 'idempotency-key': 'a' })).body).toEqual(body);
    const sealed = expect.stringMatching(/^heavy-bot-token\.v1\./);
    const entries = await entriesOf(streams.control);
    expect(entries).toEqual([
      {
        ...{ id: body.entry_id, type: 'add_bot', more: [] },
        data: { bot_id: 123456789, ...request, token: sealed },
      },
    ]);
    expect(openBotToken(entries[0]?.data.token, [sessionKey])).toBe(token);

    const refused = await ask('POST', '/v1/bots', { token: `${token} ` });
    expect(refused).toEqual(problem(400, 'invalid_request'));
    expect(JSON.stringify([api.lines, refused.body])).not.toContain(token.slice(10));
    expect(JSON.stringify(entries)).not.toContain(token.slice(10));
    for (const key of await redis.keys('*'))
      if ((await redis.type(key)) === 'hash')
        expect(JSON.stringify(await redis.hgetall(key))).not.toContain(token);
  });

  it('are not added where there is no key to seal the token with', async () => {
    const other = await startApi(redis, { sessionKey: undefined });
    try {
      const answer = await other.ask('POST', '/v1/bots', { token });
      expect(answer).toEqual(
        problem(503, 'unavailable', { detail: expect.stringContaining('HEAVY_SESSION_KEY') }),
      );
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await redis.xlen(streams.control)).toBe(0);
    } finally {
      await other.close();
    }
  });

  it('are listed in pages, and shown with queues, waits and rates', async () => {
    await redis.del(redisKeys.bots.registry);
    for (const id of [30, 4, 200]) await addBot(redis, id);
    const first = await ask('GET', '/v1/bots?limit=2');
    expect(first.body.bots.map((bot: { bot_id: number }) => bot.bot_id)).toEqual([4, 30]);
    const second = await ask('GET', `/v1/bots?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body).toEqual({ bots: [expect.objectContaining({ bot_id: 200 })] });

    const server = await createServer(redis, 30, 'regular');
    for (const text of ['a', 'b', 'c']) await ask('POST', '/v1/bots/30/messages', { chat_id: 1, text });
    await server.take(1);
    await redis.xadd(streams.dead(30), '*', 'reason', 'x');
    const at = Date.now();
    const status = {
      ...{ botId: 30, holder: 'replica-1', at, sentLastMinute: 7, failedLastMinute: 1 },
      ...{
        tooManyRequestsLastMinute: 2,
        waitsUntil: at + 5000,
        waitingChats: [{ chatId: -5, until: at + 1000 }],
      },
    };
    await redis.set(redisKeys.bots.status(30), JSON.stringify(status));
    expect((await ask('GET', '/v1/bots/30')).body).toEqual({
      ...{ bot_id: 30, served_by: 'replica-1', log_entries: 0, dead_letters: 1 },
      queues: {
        regular: { length: 3, being_sent: 1, oldest_age_ms: expect.any(Number) },
        broadcast: { length: 0, being_sent: 0, oldest_age_ms: null },
      },
      last_minute: { sent: 7, failed: 1, too_many_requests: 2 },
      waits_until: new Date(at + 5000).toISOString(),
      waiting_chats: [{ chat_id: -5, until: new Date(at + 1000).toISOString() }],
    });
  });

  it('are removed by an entry of the control stream, and their broadcasts are cancelled', async () => {
    const request = { text: 'x', recipients: [1, 2, 3] };
    const { body: broadcast } = await ask('POST', `/v1/bots/${botId}/broadcasts`, request);
    const { status, body } = await ask('DELETE', `/v1/bots/${botId}`);
    expect(status).toBe(202);
    expect(await entriesOf(streams.control)).toEqual([
      { id: body.entry_id, type: 'remove_bot', data: { bot_id: botId }, more: [] },
    ]);
    const { body: after } = await ask('GET', `/v1/bots/${botId}/broadcasts/${broadcast.id}`);
    expect(after).toMatchObject({ state: 'cancelled', cancelled: 3, left: 0 });
    expect(await redis.xlen(streams.broadcast(botId))).toBe(0);
  });
});

describe('messages', () => {
  it('go into the stream as they are, with whom they are for', async () => {
    const message = {
      ...{ chat_id: '@channel', text: 'a <b>word</b> "\\ 日本', reply_to_message_id: 5, external_id: -7 },
      reply_markup: { inline_keyboard: [[{ text: 'yes', callback_data: 'y' }]] },
    };
    const { status, headers, body } = await ask('POST', `/v1/bots/${botId}/messages`, message);
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/bots/${botId}/messages/${body.entry_id}`);
    expect(await entriesOf(streams.regular(botId))).toEqual([
      { id: body.entry_id, type: 'send_msg', data: { bot_id: botId, ...message }, more: keepOutcome },
    ]);
  });

  it('are edited and deleted', async () => {
    const path = `/v1/bots/${botId}/chats/-1001234567890/messages/42`;
    const edited = await ask('PATCH', path, { text: 'new' });
    const deleted = await ask('DELETE', path);
    expect([edited.status, deleted.status]).toEqual([202, 202]);
    const about = { bot_id: botId, chat_id: -1001234567890, message_id: 42 };
    expect(await entriesOf(streams.regular(botId))).toEqual([
      { id: edited.body.entry_id, type: 'edit_msg', data: { ...about, text: 'new' }, more: keepOutcome },
      { id: deleted.body.entry_id, type: 'del_msg', data: about, more: keepOutcome },
    ]);
    await ask('DELETE', `/v1/bots/${botId}/chats/@channel/messages/42`);
    expect((await entriesOf(streams.regular(botId))).at(-1)?.data.chat_id).toBe('@channel');
    expect(await ask('PATCH', path, { external_id: 1 })).toEqual(problem(400, 'invalid_request'));
  });

  it('are told of: queued, sending, and what became of them', async () => {
    const { headers } = await ask('POST', `/v1/bots/${botId}/messages`, { chat_id: 1, text: 'a' });
    const path = headers.get('location') ?? '';
    const status = async () => (await ask('GET', path)).body;
    expect(await status()).toEqual({ entry_id: path.split('/').at(-1), status: 'queued' });
    const server = await createServer(redis, botId, 'regular');
    expect(await status()).toMatchObject({ status: 'queued' });
    const [entry] = await server.take(1);
    expect(await status()).toMatchObject({ status: 'sending' });
    await server.settle(api.broadcasts, entry!);
    expect(await server.length()).toBe(0);
    expect(await status()).toMatchObject({ status: 'sent', message_id: 1001, at: expect.any(String) });

    for (const ending of ['failed', 'ambiguous'] as const) {
      const sent = await ask('POST', `/v1/bots/${botId}/messages`, { chat_id: 1, text: 'a' });
      const [next] = await server.take(1);
      await server.settle(api.broadcasts, next!, { ending, details: 'why' });
      const { body } = await ask('GET', sent.headers.get('location') ?? '');
      expect(body).toMatchObject({ status: ending, details: 'why' });
    }
    const unknown = `/v1/bots/${botId}/messages/1-1`;
    expect(await ask('GET', unknown)).toEqual(problem(404, 'message_not_found'));
  });

  it('are sent once for each idempotency key, whoever asks at the same time', async () => {
    const path = `/v1/bots/${botId}/messages`;
    const send = (key: string, text = 'a') =>
      ask('POST', path, { chat_id: 1, text }, { 'idempotency-key': key });
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('one')));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.entry_id}`)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(19);
    expect(await redis.xlen(streams.regular(botId))).toBe(1);

    expect(await send('one', 'b')).toEqual(problem(422, 'idempotency_key_reused'));
    expect((await send('two')).body).not.toEqual(answers[0]?.body);
    // Another bot's key is another key.
    const other = await addBot(redis);
    await ask('POST', `/v1/bots/${other}/messages`, { chat_id: 1, text: 'a' }, { 'idempotency-key': 'one' });
    expect(await redis.xlen(streams.regular(other))).toBe(1);
    expect(
      await ask('POST', path, { chat_id: 1, text: 'a' }, { 'idempotency-key': 'x'.repeat(256) }),
    ).toEqual(problem(400, 'invalid_request'));
  });
});

describe('errors', () => {
  it.each([
    [{ text: 'a' }, 'body/chat_id'],
    [{ chat_id: 1 }, 'body/text'],
    [{ chat_id: 1, text: '' }, 'body/text'],
    [{ chat_id: 1, text: 5 }, 'body/text'],
    [{ chat_id: 1.5, text: 'a' }, 'body/chat_id'],
    [{ chat_id: 1, text: 'a', bot_id: 7 }, 'body/bot_id'],
    [{ chat_id: 1, text: 'a', external_id: '7' }, 'body/external_id'],
    [
      { chat_id: 1, text: 'a', reply_markup: { inline_keyboard: [[{ text: 'a' }]] } },
      'body/reply_markup/inline_keyboard/0/0/callback_data',
    ],
  ])('name what is wrong in a body: %j', async (body, field) => {
    const answer = await ask('POST', `/v1/bots/${botId}/messages`, body);
    expect(answer).toEqual(problem(400, 'invalid_request'));
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body.errors[0].field).toBe(field);
    expect(await redis.xlen(streams.regular(botId))).toBe(0);
  });

  it.each([
    ['GET', '/v1/bots?limit=0', 'query/limit'],
    ['GET', '/v1/bots?limit=101', 'query/limit'],
    ['GET', '/v1/bots?cursor=x', 'query/cursor'],
    ['GET', '/v1/bots?page=1', 'query/page'],
    ['GET', '/v1/bots/abc', 'path/botId'],
    ['GET', '/v1/bots/99999999999999999999', 'path/botId'],
    ['GET', '/v1/bots/1/messages/x', 'path/entryId'],
    ['DELETE', '/v1/bots/1/chats/0x1/messages/1', 'path/chatId'],
    ['DELETE', '/v1/bots/1/chats/1/messages/0', 'path/messageId'],
    ['GET', '/v1/bots/1/broadcasts/x', 'path/broadcastId'],
    ['GET', `/v1/bots/1/broadcasts/${'a'.repeat(24)}/outcomes?status=gone`, 'query/status'],
  ])('name what is wrong in an address: %s %s', async (method, path, field) => {
    const answer = await ask(method, path);
    expect(answer).toEqual(problem(400, 'invalid_request'));
    expect(answer.body.errors[0].field).toBe(field);
  });

  it('have the correlation id that was given, or one of their own', async () => {
    const id = '0f0e0d0c-0b0a-4908-8706-050403020100';
    const given = await ask('GET', '/v1/bots/1', undefined, { 'x-correlation-id': id });
    expect(given.body.correlation_id).toBe(id);
    expect(given.headers.get('x-correlation-id')).toBe(id);
    const own = await ask('GET', '/v1/bots/1', undefined, { 'x-correlation-id': 'a "text" of theirs' });
    expect(own.body.correlation_id).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });

  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/messages'],
    ['PATCH', '/chats/1/messages/1'],
    ['DELETE', '/chats/1/messages/1'],
    ['POST', '/broadcasts'],
    ['GET', '/broadcasts'],
  ])('say that a bot is not known: %s /v1/bots/{botId}%s', async (method, path) => {
    const body = { '/messages': { chat_id: 1, text: 'a' }, '/broadcasts': { recipients: [1], text: 'a' } }[
      path
    ];
    const answer = await ask(
      method,
      `/v1/bots/1${path}`,
      method === 'PATCH' ? { text: 'a' } : method === 'POST' ? body : undefined,
    );
    expect(answer).toEqual(problem(404, 'bot_not_found'));
  });

  it('say what no route takes', async () => {
    expect(await ask('GET', '/v2/bots')).toEqual(problem(404, 'not_found'));
    expect(await ask('GET', '/v1/bots/1/broadcast')).toEqual(problem(404, 'not_found'));
    const put = await ask('PUT', `/v1/bots/${botId}`);
    expect(put).toEqual(problem(405, 'method_not_allowed'));
    expect(put.headers.get('allow')).toBe('DELETE, GET, HEAD');
  });

  it('say what no body can be', async () => {
    const path = `/v1/bots/${botId}/messages`;
    const send = async (body: string, type: string) => {
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': type };
      const response = await fetch(`${api.url}${path}`, { method: 'POST', headers, body });
      return { status: response.status, body: await response.json() };
    };
    expect(await send('text', 'text/plain')).toEqual(problem(415, 'unsupported_media_type'));
    expect(await send('a=b', 'application/x-www-form-urlencoded')).toEqual(
      problem(415, 'unsupported_media_type'),
    );
    expect(await send('{"a":', 'application/json')).toEqual(problem(400, 'invalid_request'));
    expect(await send('', 'application/json')).toEqual(problem(400, 'invalid_request'));
    expect(await send('{"__proto__":{"a":1}}', 'application/json')).toEqual(problem(400, 'invalid_request'));
    const large = JSON.stringify({ chat_id: 1, text: 'a'.repeat(1_048_576) });
    expect(await send(large, 'application/json')).toEqual(problem(413, 'body_too_large'));
    // A list of recipients may be longer.
    const recipients = Array.from({ length: 100_000 }, (_, index) => -1_001_000_000_000 - index);
    expect(
      (await ask('POST', `/v1/bots/${botId}/broadcasts`, { text: 'a', recipients, start: false })).body,
    ).toMatchObject({ total: 100_000 });
    const tooMany = await ask('POST', `/v1/bots/${botId}/broadcasts`, {
      text: 'a',
      recipients: [...recipients, 1],
    });
    expect(tooMany).toEqual(problem(400, 'invalid_request'));
    expect(
      await ask('POST', `/v1/bots/${botId}/broadcasts`, {
        text: 'a',
        recipients: ['@'.repeat(4 * 1024 * 1024)],
      }),
    ).toEqual(problem(413, 'body_too_large'));
  });

  it('show nothing of what went wrong inside', async () => {
    await redis.set(redisKeys.bots.status(botId), '{"secret": not json');
    expect((await ask('GET', `/v1/bots/${botId}`)).body).toMatchObject({ bot_id: botId, served_by: null });
    await redis.set(streams.regular(botId), 'no stream');
    const answer = await ask('GET', `/v1/bots/${botId}`);
    await redis.del(streams.regular(botId));
    expect(answer).toEqual(problem(500, 'internal'));
    expect(Object.keys(answer.body).sort()).toEqual(['correlation_id', 'status', 'title', 'type']);
    const id = answer.body.correlation_id;
    expect(api.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ correlationId: id }) }),
    );
  });
});

describe('access', () => {
  beforeEach(async () => {
    const counts = await redis.keys(`${redisKeys.bots.requests}*`);
    if (counts.length > 0) await redis.del(counts);
  });
  const withKey = (url: string, authorization?: string) =>
    fetch(`${url}/v1/bots`, authorization === undefined ? {} : { headers: { authorization } });

  it('needs a key', async () => {
    const wrong = [undefined, '', 'Bearer', 'Bearer ', `Basic ${apiKey}`, apiKey, `Bearer ${apiKey}x`];
    for (const authorization of [
      ...wrong,
      `Bearer ${apiKey.slice(0, -1)}`,
      `Bearer ${apiKey.toUpperCase()}`,
    ]) {
      const response = await withKey(api.url, authorization);
      expect({ status: response.status, body: await response.json() }).toEqual(problem(401, 'unauthorized'));
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await withKey(api.url, `Bearer ${apiKey}`)).status).toBe(200);
    expect((await withKey(api.url, `bearer ${apiKey}`)).status).toBe(200);
  });

  it('is closed for whatever is no page of the documentation, however it is spelt', async () => {
    const paths = [
      '/v1/bots',
      '/%761/bots',
      '/v1/bots/1',
      '/',
      '/v2',
      '//v1/bots',
      '/docs/../v1/bots',
      '/docs/%2e%2e/v1/bots',
    ];
    for (const path of paths) {
      const { status } = await fetch(`${api.url}${path}`);
      expect({ path, status }).toEqual({ path, status: 401 });
    }
    for (const path of ['/docs', '/docs/static/swagger-ui.css', '/openapi.json']) {
      const { status } = await fetch(`${api.url}${path}`);
      expect({ path, status }).toEqual({ path, status: 200 });
    }
  });

  it('has more than one key while keys are changed', async () => {
    const keys = ['a'.repeat(32), 'b'.repeat(40)];
    const other = await startApi(redis, { keys });
    try {
      for (const key of keys) expect((await withKey(other.url, `Bearer ${key}`)).status).toBe(200);
      expect((await withKey(other.url, `Bearer ${apiKey}`)).status).toBe(401);
      expect((await withKey(other.url, `Bearer ${keys.join(',')}`)).status).toBe(401);
    } finally {
      await other.close();
    }
  });

  it('is limited for each key, and more tightly for whoever has none', async () => {
    const keys = ['a'.repeat(32), 'b'.repeat(32)];
    const other = await startApi(redis, { keys, requestsPerMinute: 5, failuresPerMinute: 2 });
    try {
      const statuses = async (count: number, authorization: string) => {
        const found: number[] = [];
        for (let index = 0; index < count; index += 1)
          found.push((await withKey(other.url, authorization)).status);
        return found;
      };
      expect(await statuses(4, 'Bearer wrong')).toEqual([401, 401, 429, 429]);
      // Nobody is locked out by somebody else's mistakes.
      expect(await statuses(7, `Bearer ${keys[0]}`)).toEqual([200, 200, 200, 200, 200, 429, 429]);
      expect(await statuses(1, `Bearer ${keys[1]}`)).toEqual([200]);
      const refused = await withKey(other.url, `Bearer ${keys[0]}`);
      const seconds = Number(refused.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(await refused.json()).toMatchObject({ type: 'urn:heavy:problem:too_many_requests' });
    } finally {
      await other.close();
    }
  });

  it('is limited for all replicas together', async () => {
    const keys = ['c'.repeat(32)];
    const limits = { keys, requestsPerMinute: 5, failuresPerMinute: 3 };
    const second = new Redis(inject('redis').url, { db: 12 });
    const replicas = [await startApi(redis, limits), await startApi(second, limits)];
    try {
      const byTurns = async (count: number, authorization: string) => {
        const found: number[] = [];
        for (let index = 0; index < count; index += 1)
          found.push((await withKey(replicas[index % 2]?.url ?? '', authorization)).status);
        return found;
      };
      expect(await byTurns(7, `Bearer ${keys[0]}`)).toEqual([200, 200, 200, 200, 200, 429, 429]);
      expect(await byTurns(5, 'Bearer wrong')).toEqual([401, 401, 401, 429, 429]);
    } finally {
      for (const one of replicas) await one.close();
      second.disconnect();
    }
  });

  it('tells a browser to run and keep nothing', async () => {
    const { headers } = await ask('GET', '/v1/bots');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    const page = await fetch(`${api.url}/docs`);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
  });

  it('is refused while Redis is away, and not kept waiting without end', async () => {
    const away = new Redis({
      host: '127.0.0.1',
      port: 1,
      maxRetriesPerRequest: null,
      retryStrategy: () => 100,
    });
    away.on('error', () => {});
    const other = await startApi(away);
    try {
      const answer = await other.ask('GET', '/v1/bots');
      expect(answer).toEqual(problem(503, 'unavailable'));
      expect(answer.headers.get('retry-after')).toBe('5');
      // Who has no key is not let in either, nor told more.
      expect((await withKey(other.url)).status).toBe(503);
    } finally {
      away.disconnect();
      await other.close();
    }
  });
});

describe('the OpenAPI document', () => {
  it('is valid, and tells of every route', async () => {
    const response = await fetch(`${api.url}/openapi.json`);
    const document = (await response.json()) as { paths: Record<string, object> };
    const { valid, errors } = await new Validator().validate(document);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const one = '/v1/bots/{botId}/broadcasts/{broadcastId}';
    expect(told.sort()).toEqual(
      [
        ...['GET /v1/bots', 'POST /v1/bots', 'GET /v1/bots/{botId}', 'DELETE /v1/bots/{botId}'],
        ...['POST /v1/bots/{botId}/messages', 'GET /v1/bots/{botId}/messages/{entryId}'],
        ...['PATCH', 'DELETE'].map(
          (method) => `${method} /v1/bots/{botId}/chats/{chatId}/messages/{messageId}`,
        ),
        ...['GET', 'POST'].map((method) => `${method} /v1/bots/{botId}/broadcasts`),
        ...[`GET ${one}`, `GET ${one}/outcomes`, `POST ${one}/recipients`],
        ...['start', 'pause', 'resume', 'cancel'].map((action) => `POST ${one}/${action}`),
      ].sort(),
    );
  });
});
