import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { freePorts } from './free-ports.ts';

/** Four ports, which neither another test is given nor a connection of anything goes out from. */
const range = () => {
  const lowest = randomInt(10_000, 14_996);
  return { lowest, highest: lowest + 4 };
};

describe.runIf(process.platform === 'linux')('freePorts', () => {
  it('gives no port twice, though nothing listens on it', async () => {
    const few = range();
    const given = [...(await freePorts(2, few)), ...(await freePorts(1, few))];
    expect(new Set(given).size).toBe(3);
    await expect(freePorts(2, few)).rejects.toThrow(/^Found no 2 free ports between/);
  });

  it('gives none that another process was given, until that ends', async () => {
    const few = range();
    const script = `
      const { freePorts } = await import(${JSON.stringify(new URL('./free-ports.ts', import.meta.url).href)});
      console.log(JSON.stringify(await freePorts(4, ${JSON.stringify(few)})));
      setInterval(() => {}, 1000);
    `;
    const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(other, 'exit');
    const [printed] = await Promise.race([
      once(other.stdout, 'data'),
      ended.then(() => Promise.reject(new Error('the other process found no ports'))),
    ]);
    expect(JSON.parse(String(printed))).toHaveLength(4);
    await expect(freePorts(1, few)).rejects.toThrow('Found no');
    other.kill('SIGKILL');
    await ended;
    expect(await freePorts(4, few)).toHaveLength(4);
  });
});
