import { type Command, parse, UsageFault } from '../command.ts';
import { type Job, oneJob, withJobs } from '../jobs.ts';
import { hashBeginning } from '../media-objects.ts';
import { table, visible } from '../table.ts';
import { countText, sizeText, timeText } from '../words.ts';

const progressText = ({ ledger }: Job): string => {
  const { phase, bytes, totalBytes, bytesPerSecond } = ledger?.progress ?? {};
  if (phase === undefined) return '';
  const fetched = bytes === undefined ? [] : [sizeText(bytes)];
  const of = totalBytes === undefined ? [] : [`of ${sizeText(totalBytes)}`];
  const speed = bytesPerSecond === undefined ? [] : [`at ${sizeText(bytesPerSecond)}/s`];
  return [phase, ...fetched, ...of, ...speed].join(' ');
};

const lines = (job: Job): string[] => {
  const { hash, state, url, addedAt, failures, nextAt, error, leader, reason, ledger } = job;
  const facts: [string, string | undefined][] = [
    ...([
      ['hash', hash],
      ['state', state],
      ['source', url],
    ] as [string, string][]),
    ...([
      ['handed on', reason],
      ['since', timeText(addedAt)],
    ] as [string, string | undefined][]),
    ...([
      ['failures', String(failures)],
      ['last error', error],
    ] as [string, string | undefined][]),
    ['next attempt', timeText(nextAt)],
    ['progress', progressText(job)],
    ['worker', ledger?.holder],
    ['waiting', ledger ? countText(ledger.askers, 'asker') : 'nobody any more'],
    ['workers that died', ledger?.deaths ? String(ledger.deaths) : ''],
    ['correlation id', leader],
  ];
  const known = facts.flatMap(([name, value]) => (value ? [[name, visible(value)]] : []));
  return table([{ heading: '' }, { heading: '' }], known).slice(1);
};

export const jobsShow: Command = {
  summary: 'everything that is known of a large download',
  usage: `npm run heavy -- jobs show <hash, or its beginning> [options]
  --json           as a JSON object
  --dir <folder>   the system that npm start --dir <folder> runs`,

  async run(args, { out }) {
    const { values, positionals } = parse(args, { json: { type: 'boolean' }, dir: { type: 'string' } });
    const [what, further] = positionals;
    if (what === undefined) throw new UsageFault('Which one? Give a hash or its beginning.');
    if (further !== undefined) throw new UsageFault(`"${further}" is one word too many.`);
    const beginning = hashBeginning(what);
    const job = await withJobs(values.dir, (jobs) => oneJob(jobs, beginning));
    if (values.json) out(JSON.stringify(job));
    else for (const line of lines(job)) out(line);
    return 0;
  },
};
