/**
 * `npm run demo`: the whole system on this machine, with a local Telegram. `--once` plays a conversation and checks what
 * comes of it; `--script FILE` plays one of one's own; without either, what is typed is said in the chat.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { redisKeys } from '@heavy/contracts';
import type { WorldMessage } from '@heavy/local-telegram';
import { Redis } from 'ioredis';
import { createCast } from './demo/cast.ts';
import { conversation } from './demo/conversation.ts';
import { tapCorrelation } from './demo/correlation-tap.ts';
import { type Played, play } from './demo/play.ts';
import { parseScript, ScriptInvalid, type Step } from './demo/script.ts';
import { createTranscript, readable, type TranscriptLine } from './demo/transcript.ts';
import { verify } from './demo/verify.ts';
import { dataDir } from './paths.ts';
import { startStack } from './stack.ts';

const usage = `npm run demo                          the system on this machine: type, and see what the chat answers
npm run demo -- --once                plays a conversation and checks that all of it came true
npm run demo -- --script FILE         plays your conversation, a step a line:
                                        <chat>[/<topic>] <user> [reply:<n>] <text>
                                        wait <seconds>
                                      {site} in a text is the sample site's address
           --json                     one JSON object a line instead of the readable transcript
`;

const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean' },
    json: { type: 'boolean' },
    script: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const out = (text: string): void => void process.stdout.write(`${text}\n`);
// With --json, standard output is the transcript alone.
const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);

const outcomeTimeoutMs = 180_000;

const readScript = (siteUrl: string): Step[] => {
  if (options.script !== undefined) return parseScript(readFileSync(options.script, 'utf8'), siteUrl);
  return parseScript(conversation.map(({ line }) => line).join('\n'), siteUrl);
};

/** Reads what is typed, and says it in the film club as alice; `/in <chat>[/<topic>] <user>` changes place and person. */
const converse = async (cast: ReturnType<typeof createCast>, siteUrl: string): Promise<void> => {
  let [where, who] = ['film-club', 'alice'];
  say(`You are ${who} in ${where}. Try:   .vdl ${siteUrl}/clip.mp4   or   .adl ${siteUrl}/song.mp3`);
  say(
    '/in <chat>[/<topic>] <user> to be somebody else or elsewhere (film-club, cinema/Trailers, private); Ctrl-C to end.',
  );
  for await (const line of createInterface({ input: process.stdin })) {
    const move = /^\/in\s+(\S+)\s+(\S+)$/u.exec(line.trim());
    if (move) [where, who] = [move[1] ?? where, move[2] ?? who];
    else if (line.trim() === '/quit') return;
    else if (line.trim())
      for (const step of parseScript(`${where} ${who} ${line}`, siteUrl))
        if (step.kind === 'says') cast.say(step, step.text);
  }
};

const main = async (): Promise<number> => {
  if (options.help) {
    out(usage);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => stop.abort(signal));

  const stack = await startStack({
    dir: join(dataDir, 'demo'),
    serviceEnv: { gateway: { OPEN_TO: 'everyone' } },
    signal: stop.signal,
    say,
  });
  try {
    const tap = await tapCorrelation(stack.rabbitmq.url);
    const redis = new Redis(stack.redis.url);
    const words = new Set(await redis.hkeys(redisKeys.commandWords));
    redis.disconnect();
    const isCommand = ({ text, from, replyTo }: WorldMessage): boolean =>
      words.has(/^\s*\.(\S+)/u.exec(text)?.[1]?.toLowerCase() ?? '') &&
      !(from === stack.account && replyTo?.text.startsWith('.'));
    const cast = createCast(stack.world, stack.account, stack.users, stack.chats);
    const print = (line: TranscriptLine) => out(options.json ? JSON.stringify(line) : readable(line));
    const transcript = createTranscript({ cast, tap, isCommand }, print);
    stack.world.on('event', transcript.record);
    say('');

    if (!options.once && options.script === undefined) {
      await Promise.race([converse(cast, stack.site.url), aborted(stop.signal)]);
      return 0;
    }
    const steps = readScript(stack.site.url);
    const played = await Promise.race([
      play(steps, { world: stack.world, cast, isCommand, timeoutMs: outcomeTimeoutMs }),
      aborted(stop.signal).then((): (Played | null)[] => []),
    ]);
    if (stop.signal.aborted) return 130;
    await transcript.flushed();
    const claims = options.script === undefined ? conversation.map(({ claim }) => claim) : [];
    const verdicts = await verify(played, claims, stack.tools.ffprobe);
    await tap.close();
    say('');
    for (const { claim, why } of verdicts)
      say(why === null ? `  true   ${claim}` : `  FALSE  ${claim}: ${why}`);
    const failed = verdicts.filter(({ why }) => why !== null).length;
    const summary = { passed: verdicts.length - failed, failed };
    if (options.json) out(JSON.stringify({ summary }));
    else
      say(
        `\n${summary.passed} came true, ${summary.failed} did not. npm run logs -- --correlation <id> tells the story of one.`,
      );
    return failed > 0 ? 1 : 0;
  } finally {
    await stack.stop();
  }
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

try {
  process.exitCode = await main();
} catch (error) {
  const known =
    error instanceof ScriptInvalid || (error instanceof Error && 'code' in error && error.code === 'ENOENT');
  process.stderr.write(
    `${known ? (error as Error).message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
}
