import { getgid, getuid } from 'node:process';

export interface DockerRunOptions {
  /** A pinned image. */
  image: string;
  /** Loopback port of this machine → port in the container. */
  publish: Record<number, number>;
  /** Absolute path on this machine → path in the container. */
  mounts: Record<string, string>;
  env?: Record<string, string>;
  hostname?: string;
  /** Run in the container in place of the image's own. */
  command: readonly string[];
}

// A container does not end with the client that started it. This one waits for its standard input to close, which the
// end of the client brings about, even by SIGKILL, and then ends what it runs. What a shell runs in the background has no
// standard input: `cat` is given it by another number.
const endWithClient =
  'exec 3<&0; "$@" </dev/null 3<&- & server=$!; trap \'kill $server\' TERM INT; (cat <&3 >/dev/null; kill $server) & wait $server; wait $server 2>/dev/null';

/** The command line that runs a server in a container as this user, which ends with the process that runs this line. */
export const dockerRun = (options: DockerRunOptions): { command: string; args: string[]; stdin: 'pipe' } => ({
  command: 'docker',
  args: [
    ...['run', '--rm', '--interactive', '--user', `${getuid?.() ?? 0}:${getgid?.() ?? 0}`],
    ...(options.hostname === undefined ? [] : ['--hostname', options.hostname]),
    ...Object.entries(options.publish).flatMap(([host, inside]) => [
      '--publish',
      `127.0.0.1:${host}:${inside}`,
    ]),
    ...Object.entries(options.mounts).flatMap(([host, inside]) => ['--volume', `${host}:${inside}`]),
    ...Object.entries(options.env ?? {}).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...['--entrypoint', '/bin/sh', options.image, '-c', endWithClient, 'sh', ...options.command],
  ],
  stdin: 'pipe',
});
