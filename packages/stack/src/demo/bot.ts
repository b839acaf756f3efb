import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { startBotApi, type World, type WorldChat } from '@heavy/local-telegram';
import { newSessionKey } from '@heavy/telegram';
import { freePorts } from '../free-ports.ts';
import type { Verdict } from './verify.ts';

/** A bot of this run: what the sender is told, and what is done with it. */
export interface DemoBot {
  /** What the sender needs to serve it, and to be asked over HTTP. */
  senderEnv: Record<string, string>;
  /** Brings the bot into the chat, and adds it to the sender. Resolves when it is served. */
  join(world: World, chat: WorldChat, signal: AbortSignal): Promise<void>;
  /** The line of a shell that has the bot say something in that chat. */
  curl(text: string): string;
  /** Has it say something, and judges whether that appears there, once. */
  speak(text: string, signal: AbortSignal): Promise<Verdict>;
}

const patienceMs = 60_000;
const lookEveryMs = 100;
const id = 8_000_000_001;
const json = 'content-type: application/json';

/** Prepares a bot with a token, an API key and ports that are drawn for this run. */
export const createDemoBot = async (): Promise<DemoBot> => {
  const [port = 0, botApiPort = 0] = await freePorts(2);
  const key = randomBytes(24).toString('base64url');
  const token = `${id}:${randomBytes(26).toString('base64url')}`;
  const api = `http://127.0.0.1:${port}/v1/bots`;
  let place: { chat: WorldChat; chatId: number } | undefined;

  const ask = (path: string, body?: object): Promise<Response> =>
    fetch(`${api}${path}`, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    });
  const until = async (holds: () => boolean | Promise<boolean>, signal: AbortSignal): Promise<boolean> => {
    for (
      const end = Date.now() + patienceMs;
      Date.now() < end;
      await delay(lookEveryMs, undefined, { signal })
    )
      if (await holds()) return true;
    return false;
  };

  return {
    senderEnv: {
      ...{ BOTS: 'on', BOTS_API_KEY: key, BOTS_API_PORT: `${port}`, HEAVY_SESSION_KEY: newSessionKey() },
      BOT_API_ROOT: `http://127.0.0.1:${botApiPort}`,
    },
    join: async (world, chat, signal) => {
      // It ends with the world.
      await startBotApi(world, { port: botApiPort });
      const bot = world.addUser('film_bot', { bot: true, id, botToken: token });
      chat.admit(bot);
      place = { chat, chatId: chat.markedIdFor(bot) };
      const { status } = await ask('', { token });
      if (status !== 202) throw new Error(`the bot was not taken (${status})`);
      if (!(await until(async () => (await ask(`/${id}`)).ok, signal)))
        throw new Error('the bot is not served');
    },
    curl: (text) =>
      `curl -H 'authorization: Bearer ${key}' -H '${json}' ${api}/${id}/messages -d '${JSON.stringify({ chat_id: place?.chatId, text })}'`,
    speak: async (text, signal) => {
      const claim = 'an application has a bot speak with one request over HTTP, and the chat shows it once';
      if (!place) return { claim, why: 'the bot is in no chat' };
      const { chat, chatId } = place;
      const accepted = await ask(`/${id}/messages`, { chat_id: chatId, text });
      if (accepted.status !== 202) return { claim, why: `it is answered ${accepted.status}` };
      const outcome = accepted.headers.get('location')?.slice('/v1/bots'.length) ?? '';
      const isSent = async () =>
        ((await (await ask(outcome)).json()) as { status: string }).status === 'sent';
      if (!(await until(isSent, signal))) return { claim, why: 'the sender does not call it sent' };
      const said = chat.messages().filter((message) => message.from.id === id && message.text === text);
      return { claim, why: said.length === 1 ? null : `the chat shows it ${said.length} times` };
    },
  };
};
