import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { dockerRun } from './docker.ts';

const options = { image: 'image:1', publish: { 15001: 6379 }, mounts: { '/here': '/data' } };

/** What runs in the container, run here. */
const inside = (command: string[]) => {
  const { args } = dockerRun({ ...options, command });
  return spawn('/bin/sh', args.slice(args.indexOf('image:1') + 1), { stdio: ['pipe', 'pipe', 'ignore'] });
};

describe('dockerRun', () => {
  it('publishes on loopback only', () => {
    expect(dockerRun({ ...options, command: ['x'] }).args.join(' ')).toContain(
      '--publish 127.0.0.1:15001:6379',
    );
  });

  it.each(['the end of its input', 'SIGTERM'])('ends what it runs at %s', async (how) => {
    // It says that it still runs a second later: nothing but what is asked for ends it.
    const child = inside(['sh', '-c', 'echo $$; sleep 1; echo still here; exec sleep 300']);
    const exited = once(child, 'exit');
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) if (lines.push(line) === 2) break;
    expect(lines[1]).toBe('still here');
    const [line] = lines;
    // More than once: a shell that is just about to wait may sleep over a signal.
    const asking = setInterval(() => (how === 'SIGTERM' ? child.kill('SIGTERM') : child.stdin.end()), 50);
    await exited;
    clearInterval(asking);
    expect(() => process.kill(Number(line), 0)).toThrow(/ESRCH/);
    child.stdin.destroy();
  });

  it('ends when what it runs ends', async () => {
    const child = inside(['true']);
    await once(child, 'exit');
    child.stdin.destroy();
    expect(child.signalCode).toBeNull();
  });
});
