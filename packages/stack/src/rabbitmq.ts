import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type Child, startChild, untilReady } from './child.ts';
import { freePorts } from './free-ports.ts';
import { askPort } from './tcp.ts';

export interface RabbitMqPorts {
  amqp: number;
  /** Erlang distribution. */
  dist: number;
  epmd: number;
  management: number;
}

export interface RabbitMqOptions {
  /** An absolute folder of its own: data, configuration and logs. */
  dir: string;
  /** Default to free ones. */
  ports?: RabbitMqPorts;
  /** The `rabbitmq-server` script; by default the one of the system's package. */
  command?: string;
  /** Told of each step in one plain line. */
  say?: (line: string) => void;
}

/** A private RabbitMQ with the management plugin, on loopback only. */
export interface RabbitMq {
  readonly url: string;
  /** The management plugin's HTTP address, credentials in it, without a slash at the end. */
  readonly managementUrl: string;
  readonly ports: RabbitMqPorts;
  /** The process id of its group; of the last one while it is stopped. */
  readonly pid: number;
  /** Asks it to end in order; durable data stay. */
  stop(): Promise<void>;
  /** Starts again on the same ports and data. Nothing happens while it runs. */
  start(): Promise<void>;
  /** `SIGKILL` for the whole group. */
  kill(): Promise<void>;
}

/**
 * Where packages put the script itself. The one that Debian has on PATH changes to the user `rabbitmq`, which takes
 * root and cannot read a folder of ours.
 */
export const rabbitMqScripts = [
  '/usr/lib/rabbitmq/bin/rabbitmq-server',
  '/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server',
  '/usr/local/opt/rabbitmq/sbin/rabbitmq-server',
  '/usr/local/sbin/rabbitmq-server',
] as const;

const configuration = (ports: RabbitMqPorts): string =>
  [
    `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
    'log.console = false',
    'log.file.level = info',
    'vm_memory_high_watermark.absolute = 1GB',
    'disk_free_limit.absolute = 200MB',
    // A job that lasts longer than this is not held unacknowledged.
    'consumer_timeout = 1800000',
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${ports.management}`,
    'collect_statistics_interval = 1000',
    '',
  ].join('\n');

const environment = (dir: string, ports: RabbitMqPorts, command: string): Record<string, string> => ({
  PATH: [dirname(command), process.env['PATH'] ?? '', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(delimiter),
  LANG: 'C.UTF-8',
  HOME: join(dir, 'home'),
  // Named after its port, so that several run side by side.
  RABBITMQ_NODENAME: `heavy${ports.amqp}@localhost`,
  RABBITMQ_NODE_PORT: String(ports.amqp),
  RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
  RABBITMQ_DIST_PORT: String(ports.dist),
  RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
  RABBITMQ_LOG_BASE: join(dir, 'log'),
  RABBITMQ_PID_FILE: join(dir, 'pid'),
  RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
  RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
  RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated'),
  RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
  RABBITMQ_PLUGINS_EXPAND_DIR: join(dir, 'plugins'),
  RABBITMQ_CONF_ENV_FILE: '/dev/null',
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  ERL_EPMD_PORT: String(ports.epmd),
  ERL_EPMD_ADDRESS: '127.0.0.1',
  ERL_CRASH_DUMP: '/dev/null',
});

const prepare = (dir: string, ports: RabbitMqPorts): void => {
  for (const folder of ['home', 'log', 'mnesia']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'rabbitmq.conf'), configuration(ports));
  writeFileSync(join(dir, 'enabled_plugins'), '[rabbitmq_management].\n');
  const cookie = join(dir, 'home', '.erlang.cookie');
  if (existsSync(cookie)) return;
  writeFileSync(cookie, randomBytes(16).toString('hex'));
  // Erlang refuses a cookie that others may read.
  chmodSync(cookie, 0o400);
};

const allocate = async (): Promise<RabbitMqPorts> => {
  const [amqp = 0, dist = 0, epmd = 0, management = 0] = await freePorts(4);
  return { amqp, dist, epmd, management };
};

/** Starts a private RabbitMQ; AMQP and the management plugin answer when this resolves, after 5 to 8 seconds. */
export const startRabbitMq = async (options: RabbitMqOptions): Promise<RabbitMq> => {
  const { dir } = options;
  const command = options.command ?? rabbitMqScripts.find((path) => existsSync(path));
  if (command === undefined) throw new Error('rabbitmq-server is not installed.');
  const ports = options.ports ?? (await allocate());
  prepare(dir, ports);
  const env = environment(dir, ports, command);
  const logFile = join(dir, 'rabbitmq.log');
  const managementUrl = `http://guest:guest@127.0.0.1:${ports.management}`;

  const isReady = async (): Promise<boolean> => {
    // The server's first frame is Connection.Start, a method frame: type 1 (AMQP 0-9-1, 2.2.4).
    const [frameType] = await askPort(ports.amqp, 'AMQP\0\0\x09\x01');
    if (frameType !== 1) return false;
    const overview = await fetch(`http://127.0.0.1:${ports.management}/api/overview`, {
      headers: { authorization: `Basic ${btoa('guest:guest')}` },
      signal: AbortSignal.timeout(2000),
    });
    await overview.body?.cancel();
    return overview.ok;
  };

  const start = async (): Promise<{ epmd: Child; server: Child }> => {
    const common = { env, cwd: dir, logFile };
    // A child of ours in the foreground: Erlang would else start it as a daemon that nobody ends.
    const epmd = await startChild({
      ...common,
      name: 'epmd',
      command: 'epmd',
      args: ['-port', String(ports.epmd), '-address', '127.0.0.1'],
    });
    try {
      await untilReady(epmd, logFile, async () => {
        // NAMES_REQ: length 1, then the tag `n` (Erlang distribution protocol).
        await askPort(ports.epmd, '\0\x01n');
        return true;
      });
      const server = await startChild({ ...common, name: 'RabbitMQ', command, args: [] });
      await untilReady(server, logFile, isReady, { timeoutMs: 90_000, everyMs: 100 });
      return { epmd, server };
    } catch (error) {
      await epmd.kill();
      throw error;
    }
  };

  let current = await start();
  let running = true;
  const end = async (how: 'stop' | 'kill') => {
    if (!running) return;
    running = false;
    await current.server[how]();
    await current.epmd[how]();
  };
  return {
    url: `amqp://guest:guest@127.0.0.1:${ports.amqp}`,
    managementUrl,
    ports,
    get pid() {
      return current.server.pid;
    },
    start: async () => {
      if (running) return;
      current = await start();
      running = true;
    },
    stop: () => end('stop'),
    kill: () => end('kill'),
  };
};
