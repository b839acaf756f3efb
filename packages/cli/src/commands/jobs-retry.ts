import { type Command, Failed, parse, UsageFault } from '../command.ts';
import { oneJob, withJobs } from '../jobs.ts';
import { hashBeginning, shortHash } from '../media-objects.ts';

export const jobsRetry: Command = {
  summary: 'begins the next attempt at a large download now',
  usage: `npm run heavy -- jobs retry <hash, or its beginning> [...] [options]
  --dir <folder>   the system that npm start --dir <folder> runs

It does so for a job that waits for its next attempt. Who asked for a failed job has been told: it is asked for again in the chat.`,

  async run(args, { out }) {
    const { values, positionals } = parse(args, { dir: { type: 'string' } });
    if (positionals.length === 0) throw new UsageFault('Which ones? Give hashes, or their beginnings.');
    const beginnings = positionals.map(hashBeginning);
    return await withJobs(values.dir, async (jobs) => {
      for (const beginning of beginnings) {
        const { hash, state } = await oneJob(jobs, beginning);
        if (state !== 'delayed')
          throw new Failed(`${shortHash(hash)} does not wait for another attempt: it is ${state}.`);
        await jobs.queue.tryNow(hash);
        out(`${shortHash(hash)} is tried again`);
      }
      return 0;
    });
  },
};
