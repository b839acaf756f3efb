/** `npm run heavy -- <command>`: what an operator asks of a system. */
import { interruption } from '@heavy/stack';
import { runCli } from './cli.ts';
import { createTerminal } from './terminal.ts';

const { stdin, stdout, stderr } = process;
const signal = interruption();

// `npm run heavy -- media list | head`: the reader has seen enough.
stdout.on('error', () => process.exit(0));

const terminal = createTerminal({
  ...{ stdin, stdout, stderr, signal },
  interrupt: () => process.kill(process.pid, 'SIGINT'),
});
process.exitCode = await runCli(process.argv.slice(2), terminal);
