#!/usr/bin/env node
import { parseLogsArguments, usage } from './logs-arguments.ts';
import { showLogs } from './show-logs.ts';

const io = {
  out: (text: string) => process.stdout.write(text),
  err: (text: string) => process.stderr.write(text),
  colour: process.stdout.isTTY === true && process.stdout.hasColors(),
};

const stop = new AbortController();
process.on('SIGINT', () => stop.abort());
process.on('SIGTERM', () => stop.abort());
// `npm run logs | head`: the reader has seen enough.
process.stdout.on('error', () => process.exit(0));

const parsed = parseLogsArguments(process.argv.slice(2));
if ('help' in parsed) io.out(usage);
else if ('fault' in parsed) {
  io.err(`${parsed.fault}\n\n${usage}`);
  process.exitCode = 2;
} else process.exitCode = await showLogs(parsed.request, io, stop.signal);
