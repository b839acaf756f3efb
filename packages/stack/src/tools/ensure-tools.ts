import { join } from 'node:path';
import { surroundings } from '../config.ts';
import { rabbitMqScripts } from '../rabbitmq.ts';
import { withInstallLock } from './install-lock.ts';
import { installLine, usablePackageManager } from './packages.ts';
import { findCommand, type Program } from './program.ts';
import { succeeds } from './run-step.ts';
import { ensureYtDlp } from './yt-dlp.ts';

/** Everything that the stack runs and that npm cannot bring. */
export interface Tools {
  readonly rabbitMq: Program;
  readonly redis: Program;
  /** Absolute paths. */
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly ytDlp: string;
}

/** Something is missing and cannot be installed from here; the message says what, and the line that installs it. */
export class ToolsMissing extends Error {
  override readonly name = 'ToolsMissing';
}

interface SystemTool {
  readonly name: string;
  readonly apt: string;
  readonly brew: string;
  /** A pinned image that can stand in. */
  readonly image?: string;
  find(path: string): Promise<string | undefined>;
}

const pythons = [
  'python3',
  '/usr/bin/python3',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
];
const canMakeVenv = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)';

const findPython = async (path: string): Promise<string | undefined> => {
  for (const name of pythons) {
    const python = findCommand([name], path);
    if (
      python &&
      (await succeeds(python, ['-c', canMakeVenv], { env: { ...surroundings().inherited, PATH: path } }))
    )
      return python;
  }
  return undefined;
};

const systemTools = {
  rabbitMq: {
    name: 'RabbitMQ',
    apt: 'rabbitmq-server',
    brew: 'rabbitmq',
    image: 'rabbitmq:4.1.4-management',
    find: async (path) => (findCommand(['erl'], path) ? findCommand(rabbitMqScripts, path) : undefined),
  },
  redis: {
    name: 'Redis',
    apt: 'redis-server',
    brew: 'redis',
    image: 'redis:7.4.5',
    find: async (path) => findCommand(['redis-server'], path),
  },
  ffmpeg: {
    name: 'ffmpeg',
    apt: 'ffmpeg',
    brew: 'ffmpeg',
    find: async (path) => (findCommand(['ffprobe'], path) ? findCommand(['ffmpeg'], path) : undefined),
  },
  python: {
    name: 'Python 3.10 or newer with venv',
    apt: 'python3-venv',
    brew: 'python',
    find: findPython,
  },
} satisfies Record<string, SystemTool>;

export type SystemToolName = keyof typeof systemTools;
const toolNames = Object.keys(systemTools) as SystemToolName[];
type Found = Partial<Record<SystemToolName, string>>;

/** Which of the tools are here, by the absolute path of each. */
export const findSystemTools = async (names = toolNames, path = surroundings().path): Promise<Found> => {
  const found: Found = {};
  for (const name of names) {
    const command = await systemTools[name].find(path);
    if (command !== undefined) found[name] = command;
  }
  return found;
};

/** The error that names each missing tool and the line that installs them. */
export const toolsMissing = (names: readonly SystemToolName[], cause?: unknown): ToolsMissing => {
  const tools = names.map((name) => systemTools[name]);
  const why = cause instanceof Error ? `\n${cause.message}` : '';
  return new ToolsMissing(
    `Missing: ${tools.map((tool) => tool.name).join(', ')}. Install with: ${installLine(tools)}${why}`,
    { cause },
  );
};

const installMissing = async (
  missing: SystemToolName[],
  { say, signal }: { say: (line: string) => void; signal: AbortSignal | undefined },
): Promise<Found> => {
  const manager = await usablePackageManager();
  if (!manager) return {};
  const packages = missing.map((name) => systemTools[name][manager.name]);
  say(`Installing ${packages.join(', ')} with ${manager.name} (about a minute)…`);
  try {
    await manager.install(packages, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw toolsMissing(missing, cause);
  }
  return await findSystemTools(missing);
};

const imagesFor = async (missing: SystemToolName[], say: (line: string) => void) => {
  const images: Partial<Record<SystemToolName, string>> = {};
  const { inherited } = surroundings();
  if (!findCommand(['docker']) || !(await succeeds('docker', ['info'], { env: inherited }))) return images;
  for (const name of missing) {
    const tool: SystemTool = systemTools[name];
    if (tool.image === undefined) continue;
    say(`Using ${tool.name} from Docker: ${tool.image}`);
    images[name] = tool.image;
  }
  return images;
};

export interface EnsureToolsOptions {
  /** Told of each step in one plain line. */
  say?: (line: string) => void;
  /** What a caller uses of its own accord, such as a broker that the environment names. */
  without?: readonly SystemToolName[];
  /** A list of URLs that a newer yt-dlp has to be able to read before it is used. */
  canaryFile?: string | undefined;
  /** Ends what is being installed. */
  signal?: AbortSignal | undefined;
}

/**
 * Finds every tool, and installs what is missing where that can be done without asking: apt as root or with passwordless
 * sudo, Homebrew, Docker for the servers, PyPI for yt-dlp.
 * @throws {ToolsMissing}
 */
export const ensureTools = async (options: EnsureToolsOptions = {}): Promise<Tools> => {
  const { say = () => {}, without = [], canaryFile, signal } = options;
  const wanted = toolNames.filter((name) => !without.includes(name));
  const stillMissing = (found: Found) => wanted.filter((name) => found[name] === undefined);
  let found = await findSystemTools(wanted);
  let images: Partial<Record<SystemToolName, string>> = {};
  if (stillMissing(found).length > 0)
    await withInstallLock(
      { folder: join(surroundings().cacheDir, 'packages'), name: 'install', signal },
      async () => {
        found = await findSystemTools(wanted);
        if (stillMissing(found).length === 0) return;
        found = { ...found, ...(await installMissing(stillMissing(found), { say, signal })) };
        images = await imagesFor(stillMissing(found), say);
        const missing = stillMissing(found).filter((name) => images[name] === undefined);
        if (missing.length > 0) throw toolsMissing(missing);
      },
    );
  const programOf = (name: 'rabbitMq' | 'redis'): Program => {
    const image = images[name];
    return image === undefined ? { command: found[name] ?? '' } : { image };
  };
  const { ffmpeg = '', python = '' } = found;
  return {
    rabbitMq: programOf('rabbitMq'),
    redis: programOf('redis'),
    ffmpeg,
    ffprobe: findCommand(['ffprobe']) ?? '',
    ytDlp: await ensureYtDlp({ say, python, canaryFile, signal }),
  };
};
