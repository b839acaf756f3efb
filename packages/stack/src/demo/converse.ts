import { createInterface } from 'node:readline';
import type { Cast } from './cast.ts';
import { parseScript, ScriptInvalid } from './script.ts';

/** Says a line as a script would, without a step to wait for. */
const speak = (cast: Cast, line: string, siteUrl: string): void => {
  for (const step of parseScript(line, siteUrl)) if (step.kind === 'says') cast.say(step, step.text);
};

/**
 * Reads what is typed, and says it in the film club as alice; `/in <chat>[/<topic>] <user>` changes place and person.
 * Resolves when the input or the signal ends.
 */
export const converse = async (
  cast: Cast,
  { siteUrl, signal, say }: { siteUrl: string; signal: AbortSignal; say: (text: string) => void },
): Promise<void> => {
  let [where, who] = ['film-club', 'alice'];
  say(`You are ${who} in ${where}. Try:   .vdl ${siteUrl}/clip.mp4   or   .adl ${siteUrl}/song.mp3`);
  say(
    '/in <chat>[/<topic>] <user> makes you somebody else, or elsewhere (film-club, cinema/Trailers, private).',
  );
  say('Ctrl-C ends it.\n');
  for await (const raw of createInterface({ input: process.stdin, signal })) {
    const line = raw.trim();
    const move = /^\/in\s+(\S+)\s+(\S+)$/u.exec(line);
    if (move) {
      [where, who] = [move[1] ?? where, move[2] ?? who];
      say(`You are ${who} in ${where}.`);
    } else if (line !== '')
      try {
        speak(cast, `${where} ${who} ${line}`, siteUrl);
      } catch (error) {
        say(error instanceof ScriptInvalid ? error.what : String(error));
      }
  }
};
