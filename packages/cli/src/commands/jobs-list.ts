import { type Command, parseOptions } from '../command.ts';
import { type Job, withJobs } from '../jobs.ts';
import { shortHash } from '../media-objects.ts';
import { table, visible } from '../table.ts';
import { countText, sizeText, timeText } from '../words.ts';

const columns = [
  ...[{ heading: 'hash' }, { heading: 'state' }, { heading: 'since' }, { heading: 'failures', right: true }],
  ...[{ heading: 'next attempt' }, { heading: 'fetched', right: true }, { heading: 'askers', right: true }],
  ...[{ heading: 'last error' }, { heading: 'source' }],
];

const row = ({ hash, state, addedAt, failures, nextAt, error, url, ledger }: Job): string[] => {
  const bytes = ledger?.progress?.bytes;
  return [
    ...[shortHash(hash), state, timeText(addedAt), String(failures), timeText(nextAt)],
    ...[bytes === undefined ? '' : sizeText(bytes), String(ledger?.askers ?? 0)],
    ...[visible(error ?? ''), visible(url)],
  ];
};

export const jobsList: Command = {
  summary: 'the large downloads: in line, in progress, to be tried again, failed',
  usage: `npm run heavy -- jobs list [options]
  --json           one JSON object a line
  --dir <folder>   the system that npm start --dir <folder> runs

Failed jobs are kept for 30 days. Whoever asked has been told; asked for again, such a job begins anew.`,

  async run(args, { out, err }) {
    const values = parseOptions(args, { json: { type: 'boolean' }, dir: { type: 'string' } });
    const { all, isPaused } = await withJobs(values.dir, async ({ find, queue }) => ({
      all: await find(),
      isPaused: await queue.isPaused(),
    }));
    if (values.json) for (const job of all) out(JSON.stringify(job));
    else if (all.length === 0) err('There are no jobs.');
    else {
      for (const line of table(columns, all.map(row))) out(line);
      err(countText(all.length, 'job'));
    }
    if (isPaused) err('Paused: no job is begun until npm run heavy -- jobs resume.');
    return 0;
  },
};
