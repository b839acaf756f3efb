import { createInterface } from 'node:readline';
import type { Cast } from './cast.ts';
import { parseScript, ScriptInvalid } from './script.ts';

/** Says a line as a script would, without a step to wait for. Returns what is wrong with it. */
const speak = (cast: Cast, speaker: string, line: string, siteUrl: string): string | undefined => {
  // There are no steps here: a reply is to the message of that id.
  const [, id, replied = line] = /^reply:(\d+)\s+(.+)$/u.exec(line) ?? [];
  for (const step of parseScript(`${speaker} ${replied}`, siteUrl)) {
    if (step.kind !== 'says') continue;
    const replyTo = id === undefined ? undefined : cast.find(step, Number(id));
    if (id !== undefined && !replyTo) return `There is no message ${id} in ${step.chat}.`;
    cast.say(step, step.text, replyTo);
  }
  return undefined;
};

/**
 * Reads what is typed, and says it in the film club as alice; `/in <chat>[/<topic>] [<user>]` changes place and person.
 * Resolves when the input or the signal ends.
 */
export const converse = async (
  cast: Cast,
  {
    siteUrl,
    tryBot,
    signal,
    say,
  }: {
    siteUrl: string;
    /** The line of a shell that has the bot speak. */
    tryBot: string;
    signal: AbortSignal;
    say: (text: string) => void;
  },
): Promise<void> => {
  let [where, who] = ['film-club', 'alice'];
  say(`You are ${who} in ${where}. Try:   .vdl ${siteUrl}/clip.mp4   or   .adl ${siteUrl}/song.mp3`);
  say(
    '/in <chat>[/<topic>] [<user>] takes you elsewhere (film-club, cinema/Trailers, private), as somebody else.',
  );
  say('reply:<number> before a text replies to the message of that number, like   reply:3 .cancel');
  say(`The club has a bot. In another terminal, with a key for this run:\n  ${tryBot}`);
  say('Ctrl-C ends it.\n');
  for await (const raw of createInterface({ input: process.stdin, signal })) {
    const line = raw.trim();
    const move = /^\/in\s+(\S+)(?:\s+(\S+))?$/u.exec(line);
    if (move) {
      [where, who] = [move[1] ?? where, move[2] ?? who];
      say(`You are ${who} in ${where}.`);
    } else if (line !== '')
      try {
        const fault = speak(cast, `${where} ${who}`, line, siteUrl);
        if (fault !== undefined) say(fault);
      } catch (error) {
        say(error instanceof ScriptInvalid ? error.what : String(error));
      }
  }
};
