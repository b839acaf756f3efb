import type { Claim } from './conversation.ts';
import type { Played } from './play.ts';

/** Whether something that was to come true did, and why not. */
export interface Verdict {
  claim: string;
  why: string | null;
}

const verdictOf = async (
  played: Played,
  number: number,
  claim: Claim | undefined,
  ffprobe: string,
): Promise<Verdict> => {
  const words = claim?.claim ?? `step ${number} has exactly one outcome`;
  const answers = played.answers();
  const [answer] = answers;
  if (!answer || answers.length > 1) return { claim: words, why: `it has ${answers.length} answers` };
  try {
    await claim?.holds(answer, ffprobe);
    return { claim: words, why: null };
  } catch (error) {
    return { claim: words, why: error instanceof Error ? error.message : String(error) };
  }
};

/** Judges a conversation when it is over: every command has one answer, and that answer is what its claim says. */
export const verify = async (
  played: (Played | null)[],
  claims: (Claim | undefined)[],
  ffprobe: string,
): Promise<Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (const [index, step] of played.entries()) {
    const claim = claims[index];
    if (step?.isCommand) verdicts.push(await verdictOf(step, index + 1, claim, ffprobe));
    else if (claim) verdicts.push({ claim: claim.claim, why: 'it was not taken for a command' });
  }
  return verdicts;
};
