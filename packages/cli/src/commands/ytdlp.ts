import { resolve } from 'node:path';
import {
  CanariesInvalid,
  type InstalledYtDlp,
  installedYtDlp,
  rollbackYtDlp,
  StepFailed,
  ToolsMissing,
  updateYtDlp,
  ytDlpFolder,
  ytDlpProgram,
} from '@heavy/stack';
import { type Command, Failed, parseOptions, type Terminal } from '../command.ts';
import { ytDlpSettings } from '../config.ts';
import { table, visible } from '../table.ts';
import { timeText } from '../words.ts';

const whose = `
This is the yt-dlp that npm start and npm run demo use, in the cache of this user. One that YTDLP_PATH names is an
operator's own, as in a container: it is updated the way it was installed.`;

const refuseOwn = (): void => {
  const { ownProgram } = ytDlpSettings();
  if (ownProgram !== undefined)
    throw new Failed(`YTDLP_PATH names ${ownProgram}: that one is updated the way it was installed.`);
};

/** What a person can do something about is said in a sentence. */
const plainly = (error: unknown): never => {
  if (error instanceof StepFailed || error instanceof ToolsMissing || error instanceof CanariesInvalid)
    throw new Failed(error.message, { cause: error });
  throw error;
};

export const ytDlpVersion: Command = {
  summary: 'which yt-dlp is in use, and which was before',
  usage: `npm run heavy -- ytdlp version [options]
  --json           one JSON object a line
${whose}`,

  async run(args, { out }) {
    const { json } = parseOptions(args, { json: { type: 'boolean' } });
    refuseOwn();
    const folder = ytDlpFolder();
    const current = installedYtDlp(folder);
    if (!current) throw new Failed('There is none yet: npm start, npm run demo or ytdlp update installs it.');
    const previous = installedYtDlp(folder, 'previous');
    const all: [string, InstalledYtDlp][] = [
      ['current', current],
      ...(previous && previous.venv !== current.venv
        ? [['previous', previous] as [string, InstalledYtDlp]]
        : []),
    ];
    if (json)
      for (const [use, { version, venv, checkedAt }] of all)
        out(JSON.stringify({ use, version, venv, checkedAt: new Date(checkedAt) }));
    else {
      const rows = all.map(([use, { version, checkedAt }]) => [use, version, timeText(new Date(checkedAt))]);
      const columns = [{ heading: 'yt-dlp' }, { heading: 'version' }, { heading: 'newest at' }];
      for (const line of table(columns, rows)) out(line);
      out(ytDlpProgram(folder));
    }
    return 0;
  },
};

export const ytDlpUpdate: Command = {
  summary: 'puts the newest yt-dlp in use, if it passes its canaries',
  usage: `npm run heavy -- ytdlp update [options]
  --canary <file>  URLs, one a line, that a new version has to be able to read (YTDLP_CANARY_FILE)
  --json           the outcome as a JSON object

Installs the newest yt-dlp from PyPI beside the one in use, and lets it read each canary without downloading it. Where it
cannot read what the one in use can, it is removed and nothing changes. Without a list a file on a server of this command's
own is read. A system that runs uses the new version from its next download on; npm start checks with YTDLP_CANARY_FILE too.
${whose}`,

  async run(args, { out, err, signal }) {
    const { canary, json } = parseOptions(args, { canary: { type: 'string' }, json: { type: 'boolean' } });
    refuseOwn();
    const file = canary ?? ytDlpSettings().canaryFile;
    const folder = ytDlpFolder();
    const current = installedYtDlp(folder);
    err(current ? `Looking for a newer yt-dlp than ${current.version}…` : 'Installing yt-dlp from PyPI…');
    const result = await updateYtDlp({
      ...{ folder, say: err, signal },
      canaryFile: file === undefined ? undefined : resolve(file),
    }).catch(plainly);
    if (json) out(JSON.stringify(result));
    switch (result.outcome) {
      case 'refused':
        for (const { url, error } of result.faults)
          err(`yt-dlp ${result.candidate} cannot read ${url}: ${visible(error)}`);
        err(`yt-dlp ${result.version} stays in use.`);
        return 1;
      case 'updated':
        return say(json, out, `yt-dlp ${result.from} → ${result.version}`);
      case 'installed':
        return say(json, out, `yt-dlp ${result.version} is installed.`);
      default:
        return say(json, out, `yt-dlp ${result.version} is the newest.`);
    }
  },
};

const say = (json: boolean | undefined, out: Terminal['out'], line: string): number => {
  if (!json) out(line);
  return 0;
};

export const ytDlpRollback: Command = {
  summary: 'goes back to the yt-dlp that was in use before',
  usage: `npm run heavy -- ytdlp rollback [options]
  --json           the outcome as a JSON object

npm start does not bring back by itself what was gone back from; ytdlp update does. A second rollback goes forward again.
${whose}`,

  async run(args, { out, err, signal }) {
    const { json } = parseOptions(args, { json: { type: 'boolean' } });
    refuseOwn();
    const result = await rollbackYtDlp({ folder: ytDlpFolder(), say: err, signal });
    if (!result) throw new Failed('There is no yt-dlp from before to go back to.');
    if (json) out(JSON.stringify(result));
    return say(json, out, `yt-dlp ${result.from} → ${result.version}`);
  },
};
