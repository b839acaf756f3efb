/** One step of a conversation: somebody types, or nothing happens for a while. */
export type Step =
  | {
      kind: 'says';
      chat: string;
      topic?: string;
      user: string;
      text: string;
      /** The number of the step whose message, or whose answer, this replies to. */
      replyTo?: { step: number; part: 'message' | 'answer' };
      /** The next step does not wait for what comes of this one. */
      meanwhile?: true;
    }
  | { kind: 'wait'; seconds: number };

/** A line of a script that is no step. `line` counts from 1. */
export class ScriptInvalid extends Error {
  override readonly name = 'ScriptInvalid';
  readonly what: string;

  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
    this.what = what;
  }
}

const form = '<chat>[/<topic>] <user> [reply:<n> | answer:<n>] <text> [&], or: wait <seconds>';

const parseLine = (line: string, number: number, stepsBefore: number): Step => {
  const wait = /^wait\s+(\S+)$/u.exec(line);
  if (wait) {
    const seconds = Number(wait[1]);
    if (!(seconds >= 0 && seconds <= 3600)) throw new ScriptInvalid(number, 'wait takes 0 to 3600 seconds');
    return { kind: 'wait', seconds };
  }
  const parts = /^(\S+)\s+(\S+)\s+(.+?)(\s+&)?$/su.exec(line);
  const [, where, user, rest, meanwhile] = parts ?? [];
  if (where === undefined || user === undefined || rest === undefined)
    throw new ScriptInvalid(number, `a step is ${form}`);
  const [chat = where, topic] = where.split('/', 2);
  const [, part, digits, replied] = /^(reply|answer):(\d+)\s+(.+)$/su.exec(rest) ?? [];
  const step = Number(digits);
  if (part !== undefined && (step < 1 || step > stepsBefore))
    throw new ScriptInvalid(number, `${part}:${step} names no step before this one`);
  return {
    kind: 'says',
    chat,
    ...(topic === undefined ? {} : { topic }),
    user,
    text: replied ?? rest,
    ...(part === undefined ? {} : { replyTo: { step, part: part === 'answer' ? part : 'message' } }),
    ...(meanwhile === undefined ? {} : { meanwhile: true }),
  };
};

/**
 * Reads a conversation, a step a line: `<chat>[/<topic>] <user> <text>`, with `reply:<n>` before the text to reply to
 * the n-th step and `answer:<n>` to reply to its answer, ` &` after it where its outcome is not waited for,
 * `wait <seconds>`, and `{site}` in a text for the sample site's address. Empty lines and lines that begin with `#` are
 * passed over.
 * @throws {ScriptInvalid} with the number of the first line that is none of these.
 */
export const parseScript = (source: string, siteUrl: string): Step[] => {
  const steps: Step[] = [];
  for (const [index, raw] of source.split(/\r?\n/u).entries()) {
    const line = raw.trim().replaceAll('{site}', siteUrl);
    if (line === '' || line.startsWith('#')) continue;
    steps.push(parseLine(line, index + 1, steps.length));
  }
  return steps;
};
