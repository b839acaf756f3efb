/**
 * `npm run demo`: the whole system on this machine, with a local Telegram. `--once` plays a conversation and checks what
 * comes of it; `--script FILE` plays one of one's own; without either, what is typed is said in the chat.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { redisKeys } from '@heavy/contracts';
import type { WorldMessage, WorldUser } from '@heavy/local-telegram';
import { Redis } from 'ioredis';
import { createDemoBot, type DemoBot } from './demo/bot.ts';
import { createCast } from './demo/cast.ts';
import { conversation } from './demo/conversation.ts';
import { converse } from './demo/converse.ts';
import { tapCorrelation } from './demo/correlation-tap.ts';
import { play } from './demo/play.ts';
import { parseScript, ScriptInvalid } from './demo/script.ts';
import { createTranscript, readable, type TranscriptLine } from './demo/transcript.ts';
import { type Verdict, verify, verifyStory } from './demo/verify.ts';
import { interruption } from './interruption.ts';
import { dataDir } from './paths.ts';
import { announce } from './running.ts';
import { type Stack, startStack } from './stack.ts';

const usage = `npm run demo                          the system on this machine: type, and see what the chat answers
npm run demo -- --once                plays a conversation and checks that all of it came true
npm run demo -- --script FILE         plays your conversation, a step a line:
                                        <chat>[/<topic>] <user> [reply:<n> | answer:<n>] <text> [&]
                                        wait <seconds>
                                      reply:<n> replies to the message of step n, answer:<n> to its
                                      answer; what follows on " &" does not wait for the outcome;
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

const isMissingFile = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Whoever presses Ctrl-C here does not want a download in hand to be finished first. */
const quick = { SHUTDOWN_GRACE_MS: '2000' };

/** Limits and paces for one person who watches. */
const serviceEnvWith = (bot: DemoBot) => ({
  // The limits of npm start: what is set to nothing has its default.
  gateway: { ...quick, RATE_LIMIT_BLESSED: '', RATE_LIMIT_UNMOLESTED: '' },
  'media-pirate': {
    ...quick,
    SMALL_MAX_BYTES: '20000000',
    MAX_BYTES: '500000000',
    DOWNLOAD_TIMEOUT_MS: '60000',
    PROGRESS_INTERVAL_MS: '500',
  },
  quartermaster: { ...quick, MAX_BYTES: '500000000', PROGRESS_INTERVAL_MS: '500' },
  sender: { ...quick, STATUS_INTERVAL_MS: '800', ...bot.senderEnv },
  logger: quick,
});

const scriptSource = (): string =>
  options.script === undefined
    ? conversation.map(({ line }) => line).join('\n')
    : readFileSync(options.script, 'utf8');

/** Plays a conversation and judges it. Resolves with the exit code. */
const perform = async (stack: Stack, bot: DemoBot, source: string, stop: AbortSignal): Promise<number> => {
  const tap = await tapCorrelation(stack.rabbitmq.url, stack.account.id);
  try {
    const cast = createCast(stack.world, stack.account, stack.users, stack.chats);
    const isCommand = commandsIn(await registeredWords(stack.redis.url), stack.account);
    const print = (line: TranscriptLine) => out(options.json ? JSON.stringify(line) : readable(line));
    const transcript = createTranscript({ cast, tap, isCommand }, print);
    stack.world.on('event', transcript.record);
    say('');
    const isOurs = options.script === undefined;
    const [club] = stack.chats;
    const joined = isOurs && club ? bot.join(stack.world, club, stop) : undefined;
    if (!options.once && isOurs) {
      await joined;
      const tryBot = bot.curl('<b>Tonight</b>: a film');
      await converse(cast, { siteUrl: stack.site.url, tryBot, signal: stop, say });
      return 0;
    }

    const steps = parseScript(source, stack.site.url);
    const stage = { world: stack.world, cast, tap, isCommand, timeoutMs: outcomeTimeoutMs, signal: stop };
    const [played, spoken] = await Promise.all([
      play(steps, stage),
      joined?.then(() => bot.speak('Tonight: a film, told by a bot', stop)),
    ]);
    await transcript.flushed();
    stop.throwIfAborted();
    const claims = isOurs ? conversation.map(({ claim }) => claim) : [];
    const { site, canary } = stack;
    const verdicts = await verify(played, claims, { ffprobe: stack.tools.ffprobe, site, canary });
    if (isOurs) verdicts.push(await verifyStory(played[0], cast, tap, stack.env('logger')['LOGS_DB'] ?? ''));
    if (spoken) verdicts.push(spoken);
    return conclude(verdicts);
  } finally {
    await tap.close();
  }
};

const conclude = (verdicts: Verdict[]): number => {
  say('');
  for (const { claim, why } of verdicts)
    say(why === null ? `  true   ${claim}` : `  FALSE  ${claim}: ${why}`);
  const failed = verdicts.filter(({ why }) => why !== null).length;
  const passed = verdicts.length - failed;
  if (options.json) out(JSON.stringify({ summary: { passed, failed } }));
  else
    say(
      `\n${passed} came true, ${failed} did not. npm run logs -- --correlation <id> tells the story of one.`,
    );
  return failed > 0 ? 1 : 0;
};

const registeredWords = async (redisUrl: string): Promise<Set<string>> => {
  const redis = new Redis(redisUrl);
  const words = await redis.hkeys(redisKeys.commandWords);
  redis.disconnect();
  return new Set(words);
};

/** What the account says to a command is its answer, whatever it begins with. */
const commandsIn =
  (words: Set<string>, account: WorldUser) =>
  ({ text, from, replyTo }: WorldMessage): boolean =>
    words.has(/^\s*\.(\S+)/u.exec(text)?.[1]?.toLowerCase() ?? '') &&
    !(from === account && replyTo?.text.startsWith('.'));

const main = async (stop: AbortSignal): Promise<number> => {
  if (options.help) {
    out(usage);
    return 0;
  }
  // Read before anything is started: a script at fault is told at once.
  const source = scriptSource();
  parseScript(source, '');
  const dir = join(dataDir, 'demo');
  // The local Telegram begins anew each time, with the ids of the last: their stories would be told as one.
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir, `logs.db${suffix}`), { force: true });
  const bot = await createDemoBot();
  const stack = await startStack({ dir, serviceEnv: serviceEnvWith(bot), signal: stop, say });
  const withdraw = announce(dir, stack.env('media-pirate'));
  try {
    return await perform(stack, bot, source, stop);
  } finally {
    withdraw();
    await stack.stop();
  }
};

const stop = interruption();
try {
  process.exitCode = await main(stop);
} catch (error) {
  const told = stop.aborted || error instanceof ScriptInvalid || isMissingFile(error);
  process.stderr.write(`${error instanceof Error ? (told ? error.message : error.stack) : String(error)}\n`);
  process.exitCode = stop.aborted ? 130 : 1;
}
