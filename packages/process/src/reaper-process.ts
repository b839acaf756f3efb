import { isGroupAlive, signalGroup } from './group-alive.ts';

/**
 * The helper that outlives its owner. It reads one order a line from standard input: `+<group> <graceMs>` to watch a
 * process group, `-<group>` to forget it. The end of the input means that the owner is gone, however it went: every
 * group still watched gets TERM, after its grace KILL, and then the helper ends. Nothing else ends it.
 */
const watched = new Map<number, number>();

const obey = (order: string): void => {
  const [group, graceMs] = order.slice(1).split(' ').map(Number);
  if (!Number.isSafeInteger(group) || group === undefined || group < 2) return;
  if (order.startsWith('+')) watched.set(group, graceMs ?? 0);
  else watched.delete(group);
};

const endAll = (): void => {
  for (const [group, graceMs] of watched) {
    signalGroup(group, 'SIGTERM');
    const startedAt = performance.now();
    const timer = setInterval(() => {
      if (isGroupAlive(group)) {
        if (performance.now() - startedAt < graceMs) return;
        signalGroup(group, 'SIGKILL');
      }
      clearInterval(timer);
    }, 20);
  }
};

// The owner's end is what counts, not a signal that the machine or a terminal sends to everybody.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => {});

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) obey(line);
});
process.stdin.once('error', () => process.stdin.destroy());
process.stdin.once('close', endAll);
