import { setTimeout as delay } from 'node:timers/promises';
import { CustomFile } from 'telegram/client/uploads.js';
import { FloodWaitError, SlowModeWaitError } from 'telegram/errors/index.js';
import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { eventually, localTelegram } from './fixture.ts';

const rejectAfter = (ms: number) =>
  delay(ms).then(() => {
    throw new Error(`no answer within ${ms} ms`);
  });

describe('faults', () => {
  const telegram = localTelegram();
  const chatTexts = () => {
    const { world } = telegram;
    const chat = world.privateChat(world.user('alice'), world.user('bob'));
    return chat.messages().map(({ text }) => text);
  };
  const sends = () => telegram.dc.calls.filter(({ method }) => method === 'messages.SendMessage');

  it('refuse a call as often as they are told, and apply nothing', async () => {
    const client = await telegram.connect('bob');
    const send = () => client.sendMessage('alice', { message: 'hi' });
    telegram.dc.faults.add({ method: 'messages.SendMessage', error: [420, 'FLOOD_WAIT_30'], times: 2 });
    telegram.dc.faults.add({ method: 'messages.SendMessage', error: [420, 'SLOWMODE_WAIT_7'] });
    telegram.dc.faults.add({
      method: '*',
      error: [500, 'INTERNAL'],
      match: (r) => r.className.endsWith('SendMessage'),
    });
    await expect(send()).rejects.toMatchObject({ seconds: 30 });
    await expect(send()).rejects.toBeInstanceOf(FloodWaitError);
    await expect(send()).rejects.toBeInstanceOf(SlowModeWaitError);
    await expect(send()).rejects.toThrow('INTERNAL');
    expect(chatTexts()).toEqual([]);
    await send();
    expect(chatTexts()).toEqual(['hi']);
    expect(sends().map(({ error }) => error)).toEqual([
      'FLOOD_WAIT_30',
      'FLOOD_WAIT_30',
      'SLOWMODE_WAIT_7',
      'INTERNAL',
      undefined,
    ]);
  });

  it('concern one account only, where that is said', async () => {
    const [bob, carol] = await Promise.all([telegram.connect('bob'), telegram.connect('carol')]);
    telegram.dc.faults.add({ method: 'messages.SendMessage', account: 'bob', error: [400, 'PEER_FLOOD'] });
    await carol.sendMessage('alice', { message: 'hi' });
    await expect(bob.sendMessage('alice', { message: 'hi' })).rejects.toThrow('PEER_FLOOD');
  });

  it('drop the connection before a call is applied: the client sends it again, and it is posted', async () => {
    const client = await telegram.connect('bob');
    telegram.dc.faults.add({ method: 'messages.SendMessage', drop: 'before' });
    await client.sendMessage('alice', { message: 'hi' });
    expect(chatTexts()).toEqual(['hi']);
    expect(sends()).toHaveLength(2);
  });

  it('drop the connection after a call was applied: what is sent again is a duplicate', async () => {
    const client = await telegram.connect('bob');
    telegram.dc.faults.add({ method: 'messages.SendMessage', drop: 'after' });
    await expect(client.sendMessage('alice', { message: 'hi' })).rejects.toThrow('RANDOM_ID_DUPLICATE');
    expect(chatTexts()).toEqual(['hi']);
  });

  it('delay a call, and others go on', async () => {
    const client = await telegram.connect('bob');
    await client.getInputEntity('alice');
    telegram.dc.faults.add({ method: 'messages.SendMessage', delayMs: 300 });
    const settled: string[] = [];
    await Promise.all([
      client.sendMessage('alice', { message: 'slow' }).then(() => settled.push('slow')),
      client.invoke(new Api.updates.GetState()).then(() => settled.push('fast')),
    ]);
    expect(settled).toEqual(['fast', 'slow']);
  });

  it('swallow the reply of a call that was applied', async () => {
    const client = await telegram.connect('bob');
    telegram.dc.faults.add({ method: 'messages.SendMessage', swallow: true });
    let answered = false;
    const { world } = telegram;
    const posted = world.privateChat(world.user('alice'), world.user('bob')).nextMessage();
    client.sendMessage('alice', { message: 'hi' }).then(
      () => (answered = true),
      () => undefined,
    );
    await posted;
    await client.invoke(new Api.updates.GetState());
    expect(answered).toBe(false);
  });

  it('lose the push of an update, which the difference then has', async () => {
    const { world, dc } = telegram;
    const listener = await telegram.listen('bob');
    const { pts, date } = await listener.client.invoke(new Api.updates.GetState());
    dc.faults.add({ method: 'messages.SendMessage', losePush: true, account: 'bob' });
    world.user('alice').in('bob').says('lost');
    world.user('alice').in('bob').says('seen');
    await eventually(() => expect(listener.texts()).toEqual(['seen']));
    const difference = await listener.client.invoke(new Api.updates.GetDifference({ pts, date, qts: 0 }));
    expect(difference).toMatchObject({ newMessages: [{ message: 'lost' }, { message: 'seen' }] });
  });

  it('slow every call down', async () => {
    const client = await telegram.connect('bob');
    telegram.dc.faults.latencyMs = 100;
    const start = performance.now();
    await client.invoke(new Api.updates.GetState());
    expect(performance.now() - start).toBeGreaterThan(95);
    telegram.dc.faults.clear();
    expect(telegram.dc.faults.latencyMs).toBe(0);
  });

  it('drop all connections, in the middle of an upload too', async () => {
    const { world, dc } = telegram;
    const client = await telegram.connect('bob');
    const bytes = Buffer.alloc(11 * 1024 * 1024, 7);
    dc.faults.add({
      method: 'upload.SaveBigFilePart',
      drop: 'before',
      match: (request) => (request as Api.upload.SaveBigFilePart).filePart === 20,
    });
    const arrived = world.privateChat(world.user('alice'), world.user('bob')).nextMessage();
    const file = new CustomFile('a.bin', bytes.length, '', bytes);
    await client.sendFile('alice', { file, forceDocument: true, workers: 4 });
    expect((await arrived).media?.sizeBytes).toBe(bytes.length);
    dc.dropConnections();
    await client.sendMessage('alice', { message: 'still here' });
    expect(chatTexts().at(-1)).toBe('still here');
  });

  it('let everything vanish while the connection stays open', async () => {
    const { world, dc } = telegram;
    const listener = await telegram.listen('bob');
    dc.blackhole = true;
    const calls = dc.calls.length;
    const state = listener.client.invoke(new Api.updates.GetState());
    const deadline = rejectAfter(200);
    world.user('alice').in('bob').says('unheard');
    await expect(Promise.race([state, deadline])).rejects.toThrow('no answer');
    expect(dc.calls.length).toBe(calls);
    dc.blackhole = false;
    world.user('alice').in('bob').says('heard');
    await eventually(() => expect(listener.texts()).toEqual(['heard']));
  });

  it('write down every call with its session and account, and no content', async () => {
    const client = await telegram.connect('bob');
    await client.sendFile('alice', {
      file: new CustomFile('a.bin', 3, '', Buffer.from('abc')),
      forceDocument: true,
    });
    const call = telegram.dc.calls.find(({ method }) => method === 'upload.SaveFilePart');
    expect(call).toEqual({
      method: 'upload.SaveFilePart',
      at: expect.closeTo(Date.now(), -4),
      account: 'bob',
      sessionId: expect.stringMatching(/^-?\d+$/),
    });
  });
});
