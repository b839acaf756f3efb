import { randomUUID } from 'node:crypto';
import {
  deterministicId,
  headers,
  maxBodyBytes,
  parseEnvelope,
  redisKeys,
  telegramEdit,
  telegramReply,
} from '@heavy/contracts';
import { describe, expect, it, vi } from 'vitest';
import {
  currentContext,
  type Handler,
  handle,
  type Outcome,
  PermanentError,
  RetryableError,
} from '../src/index.ts';
import {
  collector,
  createRelay,
  createWorld,
  dead,
  edit,
  encode,
  queue,
  reply,
  replyEnvelope,
} from './fixture.ts';

const edits = { name: 'edits', bindings: [telegramEdit.type] };
const replies = { name: 'replies', bindings: [telegramReply.type] };

/** A handler of replies that collects the texts. */
const collecting = (seen: ReturnType<typeof collector<string>>): Handler =>
  handle(telegramReply, async ({ data }) => seen.add('text' in data ? data.text : 'failure'));

describe('Broker.consume', () => {
  it('runs the handler in the correlation context of its event', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const seen = collector<unknown>();
    await broker.consume(replies, [
      handle(telegramReply, async () => {
        await Promise.resolve();
        seen.add(currentContext());
      }),
    ]);
    const event = replyEnvelope('hello');
    await world.put(encode(event), telegramReply.type);
    await seen.until(1);
    expect(seen.values[0]).toEqual({
      correlationId: event.correlationid,
      causationId: event.id,
      traceparent: event.traceparent,
      eventType: telegramReply.type,
    });
    expect(currentContext()).toBeUndefined();
  });

  it('prefers the consumer of the highest priority, and goes back to the others when it is closed', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const seen = collector<string>();
    const named = (name: string) => [
      handle(telegramReply, async ({ data }) => seen.add(`${name}: ${'text' in data ? data.text : ''}`)),
    ];
    const put = (text: string) => world.put(encode(replyEnvelope(text)), telegramReply.type);
    await broker.consume(replies, named('plain'));
    const preferred = await broker.consume(replies, named('preferred'), { priority: 1 });
    for (const text of ['1', '2', '3', '4']) await put(text);
    await seen.until(4);
    await preferred.close();
    await put('5');
    await seen.until(5);
    expect(seen.values.toSorted()).toEqual([
      'plain: 5',
      ...['1', '2', '3', '4'].map((text) => `preferred: ${text}`),
    ]);
  });

  it('publishes what the handler published before it acknowledges, caused by the event', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const seen = collector<string>();
    await broker.consume(edits, []).then((consumer) => consumer.close());
    await broker.consume(replies, [
      handle(telegramReply, async ({ id }, { publish }) => {
        publish(telegramEdit, edit('one'));
        publish(telegramEdit, edit('two'));
        seen.add(id);
      }),
    ]);
    const event = replyEnvelope('hello');
    await world.put(encode(event), telegramReply.type);
    const [one, two] = [await world.take(edits.name), await world.take(edits.name)].map(({ content }) =>
      parseEnvelope(content),
    );
    expect(one).toMatchObject({
      id: deterministicId(event.id, telegramEdit.type, 0),
      correlationid: event.correlationid,
      causationid: event.id,
      data: edit('one'),
    });
    expect(two?.id).toBe(deterministicId(event.id, telegramEdit.type, 1));
    expect(one?.traceparent.slice(0, 35)).toBe(event.traceparent.slice(0, 35));
  });

  it('publishes nothing of a handler that fails, and the same ids when it succeeds later', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const attempts = collector<number>();
    await broker.consume(edits, []).then((consumer) => consumer.close());
    await broker.consume(replies, [
      handle(telegramReply, async (_, { publish, attempt }) => {
        publish(telegramEdit, edit(`attempt ${attempt}`));
        attempts.add(attempt);
        if (attempt === 1) throw new RetryableError('not yet');
      }),
    ]);
    const event = replyEnvelope('hello');
    await world.put(encode(event), telegramReply.type);
    const published = parseEnvelope((await world.take(edits.name)).content);
    expect(published).toMatchObject({
      id: deterministicId(event.id, telegramEdit.type, 0),
      data: edit('attempt 2'),
    });
    expect(attempts.values).toEqual([1, 2]);
    const channel = await (await world.bare()).createChannel();
    expect(await channel.checkQueue(edits.name)).toMatchObject({ messageCount: 0 });
  });

  it('does not acknowledge a message while what its handler published has not arrived', async () => {
    const world = await createWorld();
    const broker = await world.broker({ retryDelaysMs: [] });
    await broker.consume(replies, [
      handle(telegramReply, async (_, { publish }) => publish(telegramEdit, edit('nobody listens'))),
    ]);
    const id = await broker.publish(telegramReply, reply('x'));
    const { properties } = await world.take('replies.dead');
    expect(properties.headers?.[headers.lastError]).toMatch(/^Unroutable: /);
    expect(await world.redis.exists(redisKeys.handled(replies.name, id))).toBe(0);
  });

  it('publishes progress at once, under ids of its own', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const release = Promise.withResolvers<void>();
    await broker.consume(edits, []).then((consumer) => consumer.close());
    await broker.consume(replies, [
      handle(telegramReply, async (_, { publishNow }) => {
        await publishNow(telegramEdit, edit('half'));
        await release.promise;
      }),
    ]);
    const event = replyEnvelope('hello');
    await world.put(encode(event), telegramReply.type);
    const progress = parseEnvelope((await world.take(edits.name)).content);
    expect(progress).toMatchObject({ correlationid: event.correlationid, causationid: event.id });
    release.resolve();
  });

  it('has one effect of an event that comes 100 times', async () => {
    const world = await createWorld();
    const outcomes = collector<Outcome>();
    const broker = await world.broker({ metrics: { consumed: (_, outcome) => outcomes.add(outcome) } });
    const seen = collector<string>();
    await broker.consume(replies, [collecting(seen)]);
    const body = encode(replyEnvelope('once'));
    const channel = await (await world.bare()).createConfirmChannel();
    for (let n = 0; n < 100; n += 1) channel.publish('heavy', telegramReply.type, body, { persistent: true });
    await channel.waitForConfirms();
    await outcomes.until(100);
    expect(seen.values).toEqual(['once']);
    expect(outcomes.values.filter((outcome) => outcome === 'handled')).toHaveLength(1);
    expect(outcomes.values.filter((outcome) => outcome === 'duplicate')).toHaveLength(99);
  });

  it('remembers a handled event for a day', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const seen = collector<string>();
    await broker.consume(replies, [collecting(seen)]);
    const event = replyEnvelope('once');
    await world.put(encode(event), telegramReply.type);
    await seen.until(1);
    const key = redisKeys.handled(replies.name, event.id);
    await vi.waitFor(async () => expect(await world.redis.ttl(key)).toBeGreaterThan(86_300));
  });

  it('acknowledges everything when handlers end out of order', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const outcomes = collector<string>();
    const first = Promise.withResolvers<void>();
    const consumer = await broker.consume(
      replies,
      [
        handle(telegramReply, async ({ data }) => {
          if ('text' in data && data.text === 'slow') await first.promise;
          outcomes.add('done');
        }),
      ],
      { prefetch: 5 },
    );
    const ids = ['slow', ...Array.from({ length: 40 }, (_, n) => `quick ${n}`)];
    await Promise.all(ids.map((text) => broker.publish(telegramReply, reply(text))));
    await outcomes.until(40);
    first.resolve();
    await outcomes.until(41);
    await consumer.close();
    const channel = await (await world.bare()).createChannel();
    await vi.waitFor(async () =>
      expect(await channel.checkQueue(replies.name)).toMatchObject({ messageCount: 0 }),
    );
  });

  it('refuses two handlers of one type', async () => {
    const broker = await (await createWorld()).broker();
    const handler = handle(telegramReply, async () => {});
    await expect(broker.consume(replies, [handler, handler])).rejects.toThrow('Two handlers');
  });

  it('says what to do where the queue exists with other arguments', async () => {
    const world = await createWorld();
    const channel = await (await world.bare()).createChannel();
    await channel.assertQueue(replies.name, { durable: true });
    const broker = await world.broker();
    await expect(broker.consume(replies, [])).rejects.toThrow('other arguments');
    expect(broker.connected).toBe(true);
  });
});

describe('the retry ladder', () => {
  it('climbs rung by rung, then dead-letters with reason, error, time and attempts', async () => {
    const world = await createWorld();
    const broker = await world.broker({ retryDelaysMs: [50, 150] });
    const at: number[] = [];
    const attempts: number[] = [];
    await broker.consume(queue, [
      handle(telegramReply, async (_, { attempt }) => {
        at.push(Date.now());
        attempts.push(attempt);
        throw new Error('amqp://user:hunter2@host is wrong', { cause: new Error('deep') });
      }),
    ]);
    const event = replyEnvelope('hello');
    await world.put(encode(event), telegramReply.type);
    const { content, properties } = await world.take(dead);
    expect(attempts).toEqual([1, 2, 3]);
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThanOrEqual(50);
    expect(third - second).toBeGreaterThanOrEqual(150);
    expect(parseEnvelope(content)).toEqual(event);
    expect(properties.headers).toMatchObject({
      [headers.deadReason]: 'attempts_exhausted',
      [headers.attempt]: 3,
      [headers.lastError]: 'Error: amqp://[redacted]@host is wrong <- Error: deep',
      [headers.deadAt]: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it('waits on the smallest rung that is as long as the error asks for', async () => {
    const world = await createWorld();
    const broker = await world.broker({ retryDelaysMs: [10, 20, 400] });
    const at = collector<number>();
    await broker.consume(queue, [
      handle(telegramReply, async (_, { attempt }) => {
        at.add(Date.now());
        if (attempt === 1) throw new RetryableError('flood wait', { retryAfterMs: 300 });
      }),
    ]);
    await world.put(encode(replyEnvelope('hello')), telegramReply.type);
    const [first = 0, second = 0] = await at.until(2);
    expect(second - first).toBeGreaterThanOrEqual(400);
  });

  it('takes back what is put off, in order, as often as it takes and without an attempt less', async () => {
    const world = await createWorld();
    const broker = await world.broker({ retryDelaysMs: [50, 150] });
    const attempts: number[] = [];
    const done = collector<string>();
    let isOpen = false;
    await broker.consume(queue, [
      handle(telegramReply, async ({ data }, { attempt }) => {
        attempts.push(attempt);
        const text = 'text' in data ? data.text : '';
        // More often than there are rungs; opened before the first, so that all three come in one round.
        isOpen ||= text === '1' && attempts.length >= 15;
        if (!isOpen) throw new RetryableError('not yet', { retryAfterMs: 1, countsAsAttempt: false });
        done.add(text);
      }),
    ]);
    for (const text of ['1', '2', '3']) await broker.publish(telegramReply, reply(text));
    expect(await done.until(3)).toEqual(['1', '2', '3']);
    expect(new Set(attempts)).toEqual(new Set([1]));
  });

  it('does not hold up other messages', async () => {
    const world = await createWorld();
    const broker = await world.broker({ retryDelaysMs: [4000] });
    const seen = collector<string>();
    await broker.consume(
      queue,
      [
        handle(telegramReply, async ({ data }, { attempt }) => {
          if ('text' in data && data.text === 'bad' && attempt === 1) throw new RetryableError('once');
          seen.add('text' in data ? data.text : '');
        }),
      ],
      { prefetch: 1 },
    );
    await broker.publish(telegramReply, reply('bad'));
    await broker.publish(telegramReply, reply('good'));
    await seen.until(2);
    expect(seen.values).toEqual(['good', 'bad']);
  });
});

describe('dead letters', () => {
  const event = replyEnvelope('hello', 'fixed-id');
  const bad: [string, Buffer, string][] = [
    ['malformed JSON', Buffer.from('{"specversion":'), 'malformed_json'],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 'malformed_json'],
    ['an empty body', Buffer.alloc(0), 'malformed_json'],
    ['no envelope', encode({ hello: 'world' }), 'malformed_envelope'],
    ['an unknown type', encode({ ...event, type: 'commands.telegram.dance' }), 'unknown_type'],
    [
      'an unknown version',
      encode({ ...event, dataschema: event.dataschema.replace('/v1', '/v9') }),
      'unknown_version',
    ],
    ['a wrong schema', encode({ ...event, data: { text: 1 } }), 'invalid_data'],
    ['a body of 10 MB', Buffer.alloc(10 * maxBodyBytes, ' '), 'too_large'],
  ];

  it('takes each body that is no event of ours at once, with its reason, and goes on', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const seen = collector<string>();
    await broker.consume(queue, [collecting(seen)]);
    for (const [what, body, reason] of bad) {
      await world.put(body, telegramReply.type, { messageId: randomUUID() });
      const parked = await world.take(dead);
      expect(parked.properties.headers?.[headers.deadReason], what).toBe(reason);
      expect(parked.properties.headers?.[headers.lastError], what).toMatch(/^InvalidEvent: ./);
      expect(parked.content.equals(body), what).toBe(true);
    }
    await broker.publish(telegramReply, reply('still here'));
    await seen.until(1);
    expect(seen.values).toEqual(['still here']);
  });

  it('takes a type that no handler of the queue takes', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await broker.consume(queue, [handle(telegramReply, async () => {})]);
    await broker.publish(telegramEdit, edit('nobody here edits'));
    const { properties } = await world.take(dead);
    expect(properties.headers?.[headers.deadReason]).toBe('unknown_type');
    expect(properties.type).toBe(telegramEdit.type);
  });

  it('takes a permanent error without another attempt', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const attempts = collector<number>();
    await broker.consume(queue, [
      handle(telegramReply, async (_, { attempt }) => {
        attempts.add(attempt);
        throw new PermanentError('never', { cause: new Error('why') });
      }),
    ]);
    await broker.publish(telegramReply, reply('x'));
    const { properties } = await world.take(dead);
    expect(properties.headers).toMatchObject({
      [headers.deadReason]: 'permanent_error',
      [headers.lastError]: 'PermanentError: never <- Error: why',
      [headers.attempt]: 1,
    });
    expect(attempts.values).toEqual([1]);
  });

  it('lets the handler tell who asked before a message is parked', async () => {
    const world = await createWorld();
    const broker = await world.broker({ retryDelaysMs: [20] });
    await broker.consume(edits, []).then((consumer) => consumer.close());
    const errors = collector<unknown>();
    await broker.consume(replies, [
      handle(
        telegramReply,
        async (_, { publish }) => {
          publish(telegramEdit, edit('never sent'));
          throw new RetryableError('busy');
        },
        {
          exhausted: async (_, { publish, error, attempt }) => {
            errors.add({
              message: (error as Error).message,
              attempt,
              context: currentContext()?.causationId,
            });
            publish(telegramEdit, edit('sorry'));
          },
        },
      ),
    ]);
    const id = await broker.publish(telegramReply, reply('x'));
    await world.take('replies.dead');
    const told = parseEnvelope((await world.take(edits.name)).content);
    expect(told).toMatchObject({ causationid: id, data: edit('sorry') });
    expect(errors.values).toEqual([{ message: 'busy', attempt: 2, context: id }]);
  });

  it('parks the message even where telling fails', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await broker.consume(queue, [
      handle(
        telegramReply,
        async () => {
          throw new PermanentError('no');
        },
        {
          exhausted: async () => {
            throw new Error('cannot tell');
          },
        },
      ),
    ]);
    await broker.publish(telegramReply, reply('x'));
    const { properties } = await world.take(dead);
    expect(properties.headers?.[headers.lastError]).toBe('PermanentError: no');
  });

  it('takes a message on which consumers die again and again', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await broker.consume(queue, []).then((consumer) => consumer.close());
    await broker.publish(telegramReply, reply('poison'));
    const channel = await (await world.bare()).createChannel();
    let deliveries = 0;
    await channel.consume(queue.name, (message) => {
      if (!message) return;
      deliveries += 1;
      channel.reject(message, true);
    });
    const { properties } = await world.take(dead);
    expect(deliveries).toBe(21);
    expect(properties.headers?.['x-death']?.[0]).toMatchObject({
      reason: 'delivery_limit',
      queue: queue.name,
    });
  });
});

describe('a lost connection', () => {
  it('does not run a handler twice that is still running', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    const redelivered = collector<string>();
    const outcomes = collector<Outcome>();
    const broker = await world.broker({
      url: relay.url,
      metrics: { redelivered: redelivered.add, consumed: (_, outcome) => outcomes.add(outcome) },
    });
    const release = Promise.withResolvers<void>();
    const runs = collector<string>();
    const consumer = await broker.consume(replies, [
      handle(telegramReply, async ({ id }) => {
        runs.add(id);
        await release.promise;
      }),
    ]);
    await broker.publish(telegramReply, reply('long'));
    await runs.until(1);
    relay.cut();
    await redelivered.until(1);
    expect(runs.values).toHaveLength(1);
    release.resolve();
    await outcomes.until(2);
    expect(runs.values).toHaveLength(1);
    await consumer.close();
    const channel = await (await world.bare()).createChannel();
    expect(await channel.checkQueue(replies.name)).toMatchObject({ messageCount: 0 });
  });

  it('settles the new delivery by the failure of the run it joined', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    const redelivered = collector<string>();
    const broker = await world.broker({ url: relay.url, metrics: { redelivered: redelivered.add } });
    const release = Promise.withResolvers<void>();
    const attempts = collector<number>();
    await broker.consume(replies, [
      handle(telegramReply, async (_, { attempt }) => {
        attempts.add(attempt);
        if (attempt > 1) return;
        await release.promise;
        throw new RetryableError('after all');
      }),
    ]);
    await broker.publish(telegramReply, reply('long'));
    await attempts.until(1);
    relay.cut();
    await redelivered.until(1);
    release.resolve();
    await attempts.until(2);
    expect(attempts.values).toEqual([1, 2]);
  });

  it('loses no message and repeats no effect while consumers are cut off', async () => {
    const world = await createWorld();
    const relay = await createRelay(world.url);
    const broker = await world.broker({ url: relay.url });
    const steady = await world.broker();
    const seen = collector<string>();
    await broker.consume(replies, [collecting(seen)]);
    const texts = Array.from({ length: 600 }, (_, n) => `n ${n}`);
    const publishing = Promise.all(texts.map((text) => steady.publish(telegramReply, reply(text))));
    for (const at of [50, 300]) {
      await seen.until(at);
      relay.cut();
    }
    await publishing;
    await seen.until(600);
    expect([...new Set(seen.values)].toSorted()).toEqual(texts.toSorted());
    expect(seen.values).toHaveLength(600);
  });

  it('consumes again after the queue was deleted', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const seen = collector<string>();
    const consumer = await broker.consume(queue, [collecting(seen)]);
    const channel = await (await world.bare()).createChannel();
    await channel.deleteQueue(queue.name);
    await vi.waitFor(() =>
      expect(world.lines.map(({ message }) => message)).toContainEqual(expect.stringContaining('cancelled')),
    );
    await vi.waitFor(() => expect(consumer.consuming).toBe(true));
    await broker.publish(telegramReply, reply('back'));
    await seen.until(1);
    expect(seen.values).toEqual(['back']);
  });

  it('declares a rung of the ladder again that was deleted', async () => {
    const world = await createWorld();
    const broker = await world.broker({ retryDelaysMs: [50] });
    const attempts = collector<number>();
    await broker.consume(queue, [
      handle(telegramReply, async (_, { attempt }) => {
        attempts.add(attempt);
        if (attempt === 1) throw new RetryableError('again');
      }),
    ]);
    const channel = await (await world.bare()).createChannel();
    await channel.deleteQueue('worker.retry.50ms');
    await broker.publish(telegramReply, reply('x'));
    await vi.waitFor(() => expect(attempts.values.at(-1)).toBe(2));
  });
});

describe('Broker.close', () => {
  it('lets a running handler finish, takes no new message, and leaves the rest in the queue', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const release = Promise.withResolvers<void>();
    const seen = collector<string>();
    await broker.consume(
      replies,
      [
        handle(telegramReply, async ({ data }, { signal }) => {
          seen.add('text' in data ? data.text : '');
          await release.promise;
          seen.add(signal.aborted ? 'aborted' : 'finished');
        }),
      ],
      { prefetch: 1 },
    );
    await broker.publish(telegramReply, reply('first'));
    await seen.until(1);
    const closed = broker.close({ graceMs: 10_000 });
    // What is running may publish until it has ended; these also outlast the cancelling of the consumer.
    for (const text of ['second', 'third', 'fourth']) await broker.publish(telegramReply, reply(text));
    expect(seen.values).toEqual(['first']);
    release.resolve();
    await closed;
    expect(seen.values).toEqual(['first', 'finished']);
    expect(parseEnvelope((await world.take(replies.name)).content).data).toEqual(reply('second'));
    const channel = await (await world.bare()).createChannel();
    expect(await channel.checkQueue(replies.name)).toMatchObject({ messageCount: 2 });
  });

  it('aborts a handler after the grace period and leaves its message to be redelivered', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const started = collector<string>();
    await broker.consume(replies, [
      handle(telegramReply, async (_, { signal }) => {
        started.add('started');
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      }),
    ]);
    await broker.publish(telegramReply, reply('long'));
    await started.until(1);
    await broker.close({ graceMs: 50 });
    const { content, properties, fields } = await world.take(replies.name);
    expect(parseEnvelope(content).data).toEqual(reply('long'));
    expect(fields.redelivered).toBe(true);
    expect(properties.headers).not.toHaveProperty(headers.attempt);
  });

  it('ends in time where a handler ignores its signal', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    const started = collector<string>();
    await broker.consume(replies, [
      handle(telegramReply, () => {
        started.add('started');
        return new Promise(() => {});
      }),
    ]);
    await broker.publish(telegramReply, reply('stuck'));
    await started.until(1);
    const startedAt = Date.now();
    await broker.close({ graceMs: 50 });
    // Without a grace period of its own it would be the default one, 20 s.
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    await world.take(replies.name);
  });
});

describe('deadLetter', () => {
  it('parks a command that was given up outside of a handler, as a handler would have', async () => {
    const world = await createWorld();
    const broker = await world.broker();
    await broker.consume(queue, []);
    const error = new Error('amqp://user:hunter2@host is wrong');
    await broker.deadLetter(queue, telegramReply, reply('hello'), { error, failures: 4 });
    const { content, properties } = await world.take(dead);
    expect(parseEnvelope(content)).toMatchObject({ type: telegramReply.type, data: reply('hello') });
    expect(properties.headers).toMatchObject({
      [headers.deadReason]: 'attempts_exhausted',
      [headers.lastError]: 'Error: amqp://[redacted]@host is wrong',
      [headers.attempt]: 4,
    });
  });
});
