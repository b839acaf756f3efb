import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('run.mjs', import.meta.url));
let root: string;

const write = (path: string, text: string, mode?: number): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  if (mode !== undefined) chmodSync(join(root, path), mode);
};

const lock = (version: string) =>
  JSON.stringify({
    packages: {
      '': { name: 'root' },
      'packages/a': { name: 'a', version: '0.1.0' },
      'node_modules/a': { resolved: 'packages/a', link: true },
      'node_modules/b': { version },
      'node_modules/for-another-system': { version: '1.0.0', optional: true },
    },
  });
const noted = (version: string) =>
  JSON.stringify({ packages: { 'node_modules/a': { link: true }, 'node_modules/b': { version } } });

/** An npm that writes its arguments down, and installs or fails. */
const npm = (script: string) =>
  write('bin/npm', `#!/bin/sh\necho "npm $*" >> ${join(root, 'npm.log')}\n${script}\n`, 0o755);
const npmCalls = () => {
  try {
    return readFileSync(join(root, 'npm.log'), 'utf8').trim().split('\n');
  } catch {
    // npm was not called.
    return [];
  }
};

const start = (args: string[], nodeArgs: string[] = [], typed = '') => {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const child = spawn(process.execPath, [...nodeArgs, join(root, 'scripts/run.mjs'), ...args], {
    env: { ...env, PATH: [join(root, 'bin'), env['PATH']].join(delimiter) },
    stdio: 'pipe',
  });
  child.stdin.end(typed);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended };
};
const run = (args: string[], nodeArgs?: string[]) => start(args, nodeArgs).ended;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'heavy-run-'));
  mkdirSync(join(root, 'scripts'));
  copyFileSync(source, join(root, 'scripts/run.mjs'));
  write('package-lock.json', lock('1.0.0'));
  write(
    'packages/stack/src/demo.ts',
    'const args: string[] = process.argv.slice(2); console.log(JSON.stringify(args));',
  );
  npm('mkdir -p node_modules; echo "npm warn deprecated everything" >&2');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('run.mjs', () => {
  it('installs what is missing, once, and keeps npm’s warnings to itself', async () => {
    const first = await run(['demo', '--once', 'a b']);
    expect(first).toMatchObject({ code: 0, stdout: '["--once","a b"]\n' });
    expect(first.stderr).toBe('Installing the npm packages that package-lock.json names…\n');
    expect(await run(['demo'])).toMatchObject({ code: 0, stderr: '' });
    expect(npmCalls()).toEqual(['npm ci --no-audit --no-fund']);
  });

  it('installs again when package-lock.json changes', async () => {
    await run(['demo']);
    write('package-lock.json', lock('2.0.0'));
    await run(['demo']);
    expect(npmCalls()).toHaveLength(2);
  });

  it('does not install what npm has installed by other means', async () => {
    write('node_modules/.package-lock.json', noted('1.0.0'));
    expect(await run(['demo'])).toMatchObject({ code: 0, stderr: '' });
    expect(npmCalls()).toEqual([]);
  });

  it('installs where a package is there in another version', async () => {
    write('node_modules/.package-lock.json', noted('0.9.0'));
    await run(['demo']);
    expect(npmCalls()).toHaveLength(1);
  });

  it('shows what npm printed when it fails, runs nothing, and tries again the next time', async () => {
    npm('echo "npm error 404" >&2; exit 1');
    const { code, stdout, stderr } = await run(['demo']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('npm error 404');
    await run(['demo']);
    expect(npmCalls()).toHaveLength(2);
  });

  it('logs in by a command of the CLI, and hands on what is typed', async () => {
    write(
      'packages/cli/src/main.ts',
      `process.stdin.on('data', (typed) => console.log(process.argv.slice(2).join(), String(typed)));`,
    );
    const { ended } = start(['login', '--dir', 'x'], [], 'a code');
    expect(await ended).toMatchObject({ code: 0, stdout: 'login,--dir,x a code\n' });
  });

  it('ends with the exit code of the command', async () => {
    write('packages/stack/src/demo.ts', 'process.exit(7)');
    expect(await run(['demo'])).toMatchObject({ code: 7 });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'passes %s on and waits for the command',
    async (signal) => {
      write(
        'packages/stack/src/demo.ts',
        `process.on('${signal}', () => { console.log('stopping in order'); process.exit(3); });
       setInterval(() => {}, 1000); console.log('up');`,
      );
      const { child, ended } = start(['demo']);
      await once(child.stdout, 'data');
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 3, stdout: 'up\nstopping in order\n' });
    },
  );

  it('prefers the Node that came with the packages', async () => {
    write(
      `node_modules/node-${process.platform}-${process.arch}/bin/node`,
      '#!/bin/sh\necho bundled "$@"\n',
      0o755,
    );
    write('node_modules/.package-lock.json', noted('1.0.0'));
    expect(await run(['demo', 'x'])).toMatchObject({ stdout: 'bundled packages/stack/src/demo.ts x\n' });
  });

  it('says what to install where every Node is too old', async () => {
    const old =
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })";
    const { code, stderr } = await run(
      ['demo'],
      ['--import', `data:text/javascript,${encodeURIComponent(old)}`],
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/Node 24 or newer is needed.*\nInstall it/);
  });

  it('names its commands where it is given another', async () => {
    const { code, stderr } = await run(['toString']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Usage: .*demo\|start\|.*test/);
  });
});
