import { type Command, parseOptions } from '../command.ts';
import { withJobs } from '../jobs.ts';

export const jobsPause: Command = {
  summary: 'begins no large download until they are resumed',
  usage: `npm run heavy -- jobs pause [options]
  --dir <folder>   the system that npm start --dir <folder> runs

Those in progress go on. It holds for all replicas, and over their restarts.`,

  async run(args, { out }) {
    const { dir } = parseOptions(args, { dir: { type: 'string' } });
    await withJobs(dir, ({ queue }) => queue.pause());
    out('paused');
    return 0;
  },
};

export const jobsResume: Command = {
  summary: 'begins large downloads again',
  usage: `npm run heavy -- jobs resume [options]
  --dir <folder>   the system that npm start --dir <folder> runs`,

  async run(args, { out }) {
    const { dir } = parseOptions(args, { dir: { type: 'string' } });
    await withJobs(dir, ({ queue }) => queue.resume());
    out('resumed');
    return 0;
  },
};
