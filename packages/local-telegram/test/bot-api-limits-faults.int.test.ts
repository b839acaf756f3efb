import type { HttpError } from 'grammy';
import { describe, expect, it, vi } from 'vitest';
import { botApiOf, clientOf, refusal, refused } from './bot-api-fixture.ts';
import { localTelegram } from './fixture.ts';

const telegram = localTelegram();
const startBot = botApiOf(telegram);

const tooMany = (seconds: number) => ({
  error_code: 429,
  description: `Too Many Requests: retry after ${seconds}`,
  parameters: { retry_after: seconds },
});

describe('limits', () => {
  it('refuse a fourth message at once to one chat with the time that is left, and nothing else', async () => {
    const { api, alice, bob, bot, botApi, clock, texts } = await startBot();
    bob.starts(bot);
    for (const text of ['1', '2', '3']) await api.sendMessage(alice.id, text);
    clock.ms = 500;
    expect(await refusal(api.sendMessage(alice.id, '4'))).toMatchObject(tooMany(3));
    clock.ms = 2001;
    expect(await refusal(api.sendMessage(alice.id, '4'))).toMatchObject(tooMany(1));
    await api.sendMessage(bob.id, 'to another');
    await api.getChat(alice.id);
    clock.ms = 3000;
    await api.sendMessage(alice.id, '4');
    expect(texts()).toEqual(['1', '2', '3', '4']);
    expect(botApi.tooManyRequests).toBe(2);
    expect(botApi.calls.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429, 200, 200, 200]);
  });

  it('hold for all chats of a bot together, and not for another bot', async () => {
    const { api, world, bot, botApi, clock } = await startBot();
    const users = Array.from({ length: 31 }, (_, index) => world.addUser(`user_${index}`));
    const otherBot = world.addUser('other_bot', { bot: true });
    for (const user of users) {
      user.starts(bot);
      user.starts(otherBot);
    }
    const last = users.pop()!;
    for (const user of users) await api.sendMessage(user.id, 'x');
    expect(await refusal(api.sendMessage(last.id, 'x'))).toMatchObject(tooMany(1));
    await clientOf(botApi, otherBot).sendMessage(last.id, 'x');
    clock.ms = 1000;
    await api.sendMessage(last.id, 'x');
  });

  it('are those of groups where the chat is one', async () => {
    const { api, world, alice, bot, clock } = await startBot();
    const group = world.addSupergroup('Group', { members: [alice, bot] });
    for (let sent = 0; sent < 20; sent++) {
      await api.sendMessage(group.id, 'x');
      clock.ms += 1000;
    }
    expect(await refusal(api.sendMessage(group.id, 'x'))).toMatchObject(tooMany(40));
    clock.ms = 60_000;
    await api.sendMessage(group.id, 'x');
  });

  it('hold for edits', async () => {
    const { api, alice, clock } = await startBot();
    const { message_id } = await api.sendMessage(alice.id, 'x');
    for (let edits = 0; edits < 20; edits++) await api.editMessageText(alice.id, message_id, `${edits}`);
    expect(await refusal(api.editMessageText(alice.id, message_id, 'x'))).toMatchObject(tooMany(60));
    clock.ms = 60_000;
    await api.editMessageText(alice.id, message_id, 'x');
  });

  it('do not count what is refused for another reason', async () => {
    const { api, alice, texts } = await startBot();
    for (let sent = 0; sent < 5; sent++)
      expect(await refused(api.sendMessage(alice.id, ''))).toMatchObject([400, expect.anything()]);
    for (const text of ['1', '2', '3']) await api.sendMessage(alice.id, text);
    expect(texts()).toEqual(['1', '2', '3']);
  });

  it('may be others, or none', async () => {
    const other = await startBot({ limits: { sendsPerChat: { count: 1, perMs: 10_000 } } });
    const { alice } = other;
    await other.api.sendMessage(alice.id, 'x');
    expect(await refusal(other.api.sendMessage(alice.id, 'x'))).toMatchObject(tooMany(10));
  });

  it('are off on demand', async () => {
    const { api, alice, botApi, texts } = await startBot({ limits: 'off' });
    for (let sent = 0; sent < 40; sent++) await api.sendMessage(alice.id, 'x');
    expect(texts()).toHaveLength(40);
    expect(botApi.tooManyRequests).toBe(0);
  });

  it('make slow mode a matter of waiting, too', async () => {
    const { api, world, alice, bot } = await startBot();
    const slow = world.addSupergroup('Slow', { members: [alice, bot], slowModeS: 3600 });
    await api.sendMessage(slow.id, 'x');
    expect(await refusal(api.sendMessage(slow.id, 'x'))).toMatchObject({ error_code: 429 });
  });
});

describe('faults', () => {
  it('drop the connection before or after the message is posted', async () => {
    const { api, alice, botApi, texts } = await startBot();
    botApi.faults.add({ method: 'sendMessage', drop: 'before' });
    botApi.faults.add({ method: 'sendMessage', drop: 'after' });
    for (const text of ['before', 'after']) {
      const error: HttpError = await api.sendMessage(alice.id, text).catch((failure) => failure);
      expect(error.message).toContain('Network request');
    }
    expect(texts()).toEqual(['after']);
    expect(botApi.calls.map(({ status }) => status)).toEqual([undefined, undefined]);
  });

  it('drop the connection in place of a refusal, too', async () => {
    const { api, botApi } = await startBot();
    botApi.faults.add({ method: 'sendMessage', drop: 'after' });
    await expect(api.sendMessage(1, 'to nobody')).rejects.toThrow('Network request');
  });

  it('answer with an error, as JSON or as the page of a proxy, and post nothing', async () => {
    const { api, alice, bot, botApi, texts } = await startBot();
    botApi.faults.add({ method: 'sendMessage', error: [500, 'Internal Server Error'] });
    botApi.faults.add({ method: '*', error: [502, 'Bad Gateway'], html: true });
    expect(await refused(api.sendMessage(alice.id, 'x'))).toEqual([500, 'Internal Server Error']);
    const response = await fetch(`${botApi.url}/bot${bot.botToken}/getMe`);
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect(await response.text()).toContain('<h1>502 Bad Gateway</h1>');
    expect(texts()).toEqual([]);
    await api.sendMessage(alice.id, 'x');
  });

  it('refuse with 429 as often as wanted, or for a time', async () => {
    const { api, alice, bob, bot, botApi, clock } = await startBot({ limits: 'off' });
    bob.starts(bot);
    const send = () => api.sendMessage(alice.id, 'x');
    botApi.faults.add({ method: 'sendMessage', chat: alice, retryAfterS: 7, times: 2 });
    for (let time = 0; time < 2; time++) expect(await refusal(send())).toMatchObject(tooMany(7));
    await send();

    botApi.faults.add({ method: 'sendMessage', chat: alice, floodS: 30 });
    clock.ms = 1000;
    expect(await refusal(send())).toMatchObject(tooMany(30));
    clock.ms = 20_500;
    expect(await refusal(send())).toMatchObject(tooMany(11));
    await api.sendMessage(bob.id, 'x');
    clock.ms = 31_000;
    await send();
    expect(botApi.tooManyRequests).toBe(4);
  });

  it('meet only the calls that they are for', async () => {
    const { api, world, alice, bob, bot, botApi } = await startBot({ limits: 'off' });
    const otherBot = world.addUser('other_bot', { bot: true });
    for (const user of [alice, bob]) for (const one of [bot, otherBot]) user.starts(one);
    const other = clientOf(botApi, otherBot);
    const error = [500, 'x'] as const;
    botApi.faults.add({
      method: 'sendMessage',
      bot: otherBot,
      chat: world.privateChat(alice, otherBot),
      match: (params) => params.text('text') === 'doomed',
      error,
    });
    await api.sendMessage(alice.id, 'doomed');
    await other.sendMessage(bob.id, 'doomed');
    await other.sendMessage(alice.id, 'fine');
    await other.sendChatAction(alice.id, 'typing');
    expect(await refused(other.sendMessage(alice.id, 'doomed'))).toEqual([...error]);
    await other.sendMessage(alice.id, 'doomed');

    botApi.faults.add({ method: '*', error, times: Number.POSITIVE_INFINITY });
    expect(await refused(api.getMe())).toEqual([...error]);
    botApi.faults.clear();
    await api.getMe();
  });

  it('never answer, with or without the message posted', async () => {
    const { api, alice, botApi, chat, texts } = await startBot();
    botApi.faults.add({ method: 'sendMessage', swallow: 'before' });
    botApi.faults.add({ method: 'sendMessage', swallow: 'after' });
    const patience = new AbortController();
    const outcomes = ['before', 'after'].map((text) =>
      api.sendMessage(alice.id, text, {}, patience.signal as never).then(
        () => 'answered',
        () => 'given up',
      ),
    );
    await chat.waitFor(({ text }) => text === 'after' || text === 'before');
    await vi.waitFor(() => expect(botApi.calls).toHaveLength(2));
    patience.abort();
    expect(await Promise.all(outcomes)).toEqual(['given up', 'given up']);
    expect(texts()).toHaveLength(1);
    expect(botApi.calls.map(({ status }) => status)).toEqual([undefined, undefined]);
  });

  it('delay a call, which the end of the server ends', async () => {
    const { api, alice, botApi, texts } = await startBot();
    botApi.faults.add({ method: 'sendMessage', delayMs: 10 });
    await api.sendMessage(alice.id, 'late');
    botApi.faults.latencyMs = 3_600_000;
    const never = api.sendMessage(alice.id, 'never').catch((error: Error) => error.message);
    await vi.waitFor(() => expect(botApi.calls).toHaveLength(2));
    await botApi.close();
    expect(await never).toContain('Network request');
    expect(texts()).toEqual(['late']);
  });

  it('are not needed for the server to end with the data centre', async () => {
    const { botApi } = await startBot();
    await telegram.dc.close();
    await expect(fetch(botApi.url)).rejects.toThrow('fetch failed');
  });
});
