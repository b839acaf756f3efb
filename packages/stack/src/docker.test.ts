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
    const child = inside(['sh', '-c', 'echo $$; exec sleep 300']);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    if (how === 'SIGTERM') child.kill('SIGTERM');
    else child.stdin.end();
    await once(child, 'exit');
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
