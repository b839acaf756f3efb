import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { type ChildSpec, startChild, untilReady } from './child.ts';
import { surroundings } from './config.ts';
import { dockerRun } from './docker.ts';
import { freePorts } from './free-ports.ts';
import { type Server, startServer } from './server.ts';
import { askPort } from './tcp.ts';
import { findCommand, type Program } from './tools/program.ts';

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
  /** Defaults to the script of the system's package. */
  program?: Program;
}

/** A private RabbitMQ with the management plugin, on loopback only. */
export interface RabbitMq extends Server {
  readonly url: string;
  /** The management plugin's HTTP address, credentials in it, without a slash at the end. */
  readonly managementUrl: string;
  readonly ports: RabbitMqPorts;
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
];

const configuration = (host: string, amqp: number, management: number): string =>
  [
    `listeners.tcp.1 = ${host}:${amqp}`,
    // Seen from inside a container, clients do not come from loopback; the port is published on loopback only.
    'loopback_users = none',
    'log.console = false',
    'log.file.level = info',
    'vm_memory_high_watermark.absolute = 1GB',
    'disk_free_limit.absolute = 200MB',
    // A job that lasts longer than this is not held unacknowledged.
    'consumer_timeout = 1800000',
    `management.tcp.ip = ${host}`,
    `management.tcp.port = ${management}`,
    'collect_statistics_interval = 1000',
    '',
  ].join('\n');

const environment = (dir: string, ports: RabbitMqPorts, command: string): Record<string, string> => ({
  PATH: [dirname(command), surroundings().path, '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(delimiter),
  LANG: 'C.UTF-8',
  HOME: join(dir, 'home'),
  // The same on each start, whatever the ports: data belong to a node by its name. Names of several that run side by
  // side do not meet, since each has an epmd of its own.
  RABBITMQ_NODENAME: 'heavy@localhost',
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
  // The second: with the management plugin, 3.10 waits 5 s for nothing after it has closed its message stores.
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
    '-kernel inet_dist_use_interface {127,0,0,1} -kernel shutdown_timeout 2000',
  ERL_EPMD_PORT: String(ports.epmd),
  ERL_EPMD_ADDRESS: '127.0.0.1',
  ERL_CRASH_DUMP: '/dev/null',
});

const writeCookie = (dir: string): void => {
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

const isReady = async (ports: RabbitMqPorts): Promise<boolean> => {
  // The server's first frame is Connection.Start, a method frame: type 1 (AMQP 0-9-1, 2.2.4).
  const [frameType] = await askPort(ports.amqp, 'AMQP\0\0\x09\x01');
  if (frameType !== 1) return false;
  const overview = await fetch(`http://127.0.0.1:${ports.management}/api/overview`, {
    headers: { authorization: `Basic ${btoa('guest:guest')}`, connection: 'close' },
    signal: AbortSignal.timeout(2000),
  });
  await overview.body?.cancel();
  return overview.ok;
};

const launch = (spec: ChildSpec, ports: RabbitMqPorts): Promise<Server> =>
  startServer(async () => {
    const child = await startChild(spec);
    await untilReady(child, spec.logFile, () => isReady(ports), { timeoutMs: 90_000, everyMs: 100 });
    return child;
  });

const startNative = async (dir: string, ports: RabbitMqPorts, command: string): Promise<Server> => {
  writeFileSync(join(dir, 'rabbitmq.conf'), configuration('127.0.0.1', ports.amqp, ports.management));
  writeCookie(dir);
  const common = { env: environment(dir, ports, command), cwd: dir, logFile: join(dir, 'rabbitmq.log') };
  // A child of ours in the foreground: Erlang would else start it as a daemon that nobody ends.
  const epmd = await startServer(async () => {
    const child = await startChild({
      ...common,
      name: 'epmd',
      command: 'epmd',
      args: ['-port', String(ports.epmd), '-address', '127.0.0.1'],
    });
    // NAMES_REQ: length 1, then the tag `n` (Erlang distribution protocol, 13.2).
    await untilReady(child, common.logFile, async () => (await askPort(ports.epmd, '\0\x01n')).length > 0);
    return child;
  });
  let server: Server;
  try {
    server = await launch({ ...common, name: 'RabbitMQ', command, args: [] }, ports);
  } catch (error) {
    await epmd.kill();
    throw error;
  }
  return {
    get pid() {
      return server.pid;
    },
    get running() {
      return server.running;
    },
    start: async () => {
      await epmd.start();
      await server.start();
    },
    stop: async () => {
      await server.stop();
      await epmd.stop();
    },
    kill: async () => {
      await server.kill();
      await epmd.kill();
    },
  };
};

const startInDocker = (dir: string, ports: RabbitMqPorts, image: string): Promise<Server> => {
  writeFileSync(join(dir, 'rabbitmq.conf'), configuration('0.0.0.0', 5672, 15_672));
  const run = dockerRun({
    image,
    publish: { [ports.amqp]: 5672, [ports.management]: 15_672 },
    mounts: {
      [join(dir, 'rabbitmq.conf')]: '/etc/rabbitmq/conf.d/20-heavy.conf',
      [join(dir, 'enabled_plugins')]: '/etc/rabbitmq/enabled_plugins',
      [join(dir, 'mnesia')]: '/var/lib/rabbitmq/mnesia',
    },
    // Data belong to a node by its name, which is made of the host's.
    hostname: 'heavy',
    command: ['docker-entrypoint.sh', 'rabbitmq-server'],
  });
  const env = { PATH: surroundings().path, HOME: join(dir, 'home') };
  return launch({ ...run, name: 'RabbitMQ', env, cwd: dir, logFile: join(dir, 'rabbitmq.log') }, ports);
};

/**
 * Starts a private RabbitMQ; AMQP and the management plugin answer when this resolves, after 5 to 8 seconds.
 * @throws {Error} where it is not installed, and with its last log lines where it does not come up.
 */
export const startRabbitMq = async (options: RabbitMqOptions): Promise<RabbitMq> => {
  const { dir } = options;
  const ports = options.ports ?? (await allocate());
  for (const folder of ['home', 'log', 'mnesia']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'enabled_plugins'), '[rabbitmq_management].\n');
  const program = options.program ?? { command: findCommand(rabbitMqScripts) };
  let server: Server;
  if ('image' in program) server = await startInDocker(dir, ports, program.image);
  else if (program.command) server = await startNative(dir, ports, program.command);
  else throw new Error('rabbitmq-server is not installed.');
  return Object.assign(server, {
    url: `amqp://guest:guest@127.0.0.1:${ports.amqp}`,
    managementUrl: `http://guest:guest@127.0.0.1:${ports.management}`,
    ports,
  });
};
