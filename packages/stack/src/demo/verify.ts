import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { rootDir } from '../paths.ts';
import type { Cast } from './cast.ts';
import type { Claim, Scene } from './claims.ts';
import type { CorrelationTap } from './correlation-tap.ts';
import { isStatus, type Played } from './play.ts';

/** Whether something that was to come true did, and why not. */
export interface Verdict {
  claim: string;
  why: string | null;
}

const silenceOf = (played: Played, claim: string): Verdict => {
  const [answer] = played.answers();
  if (answer) return { claim, why: `it is answered: ${answer.text}` };
  return { claim, why: played.isRefused() ? null : 'the gateway did not refuse it' };
};

const verdictOf = async (
  played: Played,
  number: number,
  claim: Claim | undefined,
  scene: Scene,
): Promise<Verdict> => {
  const words = claim?.claim ?? `step ${number} has exactly one outcome`;
  const answers = played.answers();
  const isSilence = claim ? claim.holds === null : played.isRefused() && answers.length === 0;
  if (isSilence) return silenceOf(played, claim?.claim ?? `step ${number} is refused, and nothing is said`);
  const [answer] = answers;
  if (!answer || answers.length > 1) return { claim: words, why: `it has ${answers.length} answers` };
  if (isStatus(answer)) return { claim: words, why: 'it was still being worked on when its time was over' };
  try {
    await claim?.holds?.(answer, scene);
    return { claim: words, why: null };
  } catch (error) {
    return { claim: words, why: error instanceof Error ? error.message : String(error) };
  }
};

/** Judges a conversation when it is over: every command has one answer, and that answer is what its claim says. */
export const verify = async (
  played: (Played | null)[],
  claims: (Claim | undefined)[],
  about: Omit<Scene, 'answerTo'>,
): Promise<Verdict[]> => {
  const scene = { ...about, answerTo: (step: number) => played[step - 1]?.answers()[0] };
  const verdicts: Verdict[] = [];
  for (const [index, step] of played.entries()) {
    const claim = claims[index];
    if (step?.isCommand) verdicts.push(await verdictOf(step, index + 1, claim, scene));
    else if (claim) verdicts.push({ claim: claim.claim, why: 'it was not taken for a command' });
  }
  return verdicts;
};

/** The services whose log lines carry that correlation id, in the order of their first line. */
const servicesInLogs = async (correlationId: string, db: string): Promise<string[]> => {
  const logs = join(rootDir, 'services', 'logger', 'src', 'logs.ts');
  const args = [logs, '--correlation', correlationId, '--json', '--db', db];
  // It exits with 1 while there is no line of that command.
  const { stdout } = await promisify(execFile)(process.execPath, args).catch(() => ({ stdout: '' }));
  const lines = stdout.split('\n').filter((line) => line !== '');
  return [...new Set(lines.map((line) => String(JSON.parse(line).service)))];
};

const hops = 'gateway, media-pirate, sender';
const logLagMs = 10_000;

/** Judges that one correlation id leads through the logs of all services that had a hand in a command. */
export const verifyStory = async (
  played: Played | null | undefined,
  cast: Cast,
  tap: CorrelationTap,
  logsDb: string,
): Promise<Verdict> => {
  const claim = 'one correlation id names the command in the logs of gateway, media-pirate and sender';
  if (!played) return { claim, why: 'nothing was asked' };
  const { message } = played;
  const id = await tap.of(cast.chatIdOf(message.chat), cast.idOf(message), 1000);
  if (id === null) return { claim, why: 'the command was never published' };
  let found = '';
  for (const until = Date.now() + logLagMs; found !== hops && Date.now() < until; await delay(200))
    found = (await servicesInLogs(id, logsDb)).join(', ');
  return { claim, why: found === hops ? null : `its log lines are those of ${found || 'nobody'}` };
};
