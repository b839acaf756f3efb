/**
 * The entry of every npm script. Plain JavaScript without dependencies, since it runs on whatever Node there is, before
 * anything is installed: it brings the dependencies to what package-lock.json says, and then runs the command on Node 24.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');

/** What each command runs: a script for Node, and arguments that come before those of the caller. */
const commands = {
  demo: ['packages/stack/src/demo.ts'],
  start: ['packages/stack/src/start.ts'],
  login: ['packages/cli/src/main.ts', 'login'],
  heavy: ['packages/cli/src/main.ts'],
  logs: ['services/logger/src/logs.ts'],
  bench: ['bench/main.ts'],
  generate: ['scripts/generate.ts'],
  test: [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=./scripts/summary-reporter.ts',
  ],
  check: [
    'node_modules/turbo/bin/turbo',
    'run',
    ...['lint', 'types', 'unused', 'generated'],
    ...['--continue=always', '--ui=stream', '--output-logs=new-only', '--log-prefix=none'],
  ],
  format: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write'],
};

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(1);
};

const readOr = (path, otherwise) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there: nothing is installed yet.
    return otherwise;
  }
};

/** Whether what npm itself noted in node_modules has all that the lock file asks for; optional packages may be absent. */
const agrees = (lock) => {
  const installed = JSON.parse(readOr(join(modules, '.package-lock.json'), '{}')).packages ?? {};
  return Object.entries(JSON.parse(lock).packages).every(
    ([path, { version, link, optional, peer }]) =>
      !path.includes('node_modules/') ||
      (link ? installed[path]?.link === true : installed[path]?.version === version) ||
      ((optional || peer) && installed[path] === undefined),
  );
};

const ensureDependencies = () => {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  const hash = createHash('sha256').update(lock).digest('hex');
  const note = join(modules, '.heavy-lock');
  if (readOr(note, '') === hash) return;
  if (!agrees(lock)) {
    process.stderr.write('Installing the npm packages that package-lock.json names…\n');
    const { status, error, stderr, stdout } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      // An npm script's environment would make npm run as if it were part of that script.
      env: Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package)_/.test(name)),
      ),
    });
    if (error) fail(`npm could not be started: ${error.message}`);
    if (status !== 0) fail(`${stdout}${stderr}npm ci failed.`);
  }
  writeFileSync(note, hash);
};

/** The Node that came with the dependencies, else the one that runs this, if it is new enough. */
const findNode = () => {
  const bundled = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(bundled)) return bundled;
  if (Number.parseInt(process.versions.node, 10) >= neededMajor) return process.execPath;
  const remedy =
    process.platform === 'darwin'
      ? `Install it with: brew install node@${neededMajor} && brew link --overwrite --force node@${neededMajor}`
      : `Install it from https://nodejs.org/en/download, or with: nvm install ${neededMajor}`;
  return fail(`Node ${neededMajor} or newer is needed, and this is ${process.version}.\n${remedy}`);
};

/** Changes when npm goes: it is the parent, or on Linux, where a shell stands in between, the shell's parent. */
const lineage = () => {
  const afterName = readOr(`/proc/${process.ppid}/stat`, '').split(') ').at(-1) ?? '';
  return `${process.ppid} ${afterName.split(' ')[1]}`;
};

const run = (node, args) => {
  const child = spawn(node, args, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      // Whatever the command starts by name finds this Node and the packages' programs first.
      PATH: [dirname(node), join(modules, '.bin'), process.env.PATH ?? ''].join(delimiter),
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the command as well: passed on, it would arrive twice.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  // npm passes signals on, but one that is killed with -9 cannot.
  const ancestors = lineage();
  if (process.env.npm_lifecycle_event)
    setInterval(() => {
      if (lineage() !== ancestors) child.kill('SIGTERM');
    }, 500).unref();
  child.once('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
};

const [name, ...rest] = process.argv.slice(2);
const command = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
if (!command) fail(`Usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
ensureDependencies();
run(findNode(), [...command, ...rest]);
