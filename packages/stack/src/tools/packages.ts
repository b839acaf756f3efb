import { existsSync } from 'node:fs';
import { surroundings } from '../config.ts';
import { findCommand } from './program.ts';
import { runStep, succeeds } from './run-step.ts';

/** A way to install packages of the system. */
export interface PackageManager {
  readonly name: 'apt' | 'brew';
  /** Installs all of them in one go; none of their servers is left running. */
  install(packages: string[], signal?: AbortSignal): Promise<void>;
}

// Debian starts a server when it is installed, unless this policy forbids it; with systemd it also starts it at each
// boot. What we need we start ourselves, privately.
const aptScript = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$policy"
  chmod 755 "$policy"
fi
apt-get update -qq || true
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
[ -d /run/systemd/system ] || exit 0
for package; do
  case "$package" in
    rabbitmq-server) systemctl disable --now rabbitmq-server.service epmd.socket epmd.service || true ;;
    redis-server) systemctl disable --now redis-server.service || true ;;
  esac
done
`;

const apt = (sudo: string[]): PackageManager => ({
  name: 'apt',
  install: async (packages, signal) => {
    const env = { ...surroundings().inherited, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
    const [command = 'sh', ...args] = [
      ...sudo,
      ...['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', aptScript, 'sh', ...packages],
    ];
    await runStep(command, args, { env, signal });
  },
});

const brew: PackageManager = {
  name: 'brew',
  install: async (packages, signal) => {
    const env = {
      ...surroundings().inherited,
      HOMEBREW_NO_AUTO_UPDATE: '1',
      HOMEBREW_NO_INSTALL_CLEANUP: '1',
    };
    await runStep('brew', ['install', '--quiet', ...packages], { env, signal });
  },
};

/** The package manager that can be used here without asking anybody, if there is one. */
export const usablePackageManager = async (): Promise<PackageManager | undefined> => {
  const { path, inherited } = surroundings();
  if (findCommand(['apt-get'], path)) {
    if (process.getuid?.() === 0) return apt([]);
    const mayBecomeRoot =
      findCommand(['sudo'], path) && (await succeeds('sudo', ['-n', 'true'], { env: inherited }));
    if (mayBecomeRoot) return apt(['sudo', '-n']);
  }
  if (findCommand(['brew'], path)) return brew;
  return undefined;
};

/** The line that a person types to install packages here. */
export const installLine = (packages: { apt: string; brew: string }[]): string => {
  if (existsSync('/etc/debian_version'))
    return `sudo apt-get install --no-install-recommends ${packages.map((one) => one.apt).join(' ')}`;
  return `brew install ${packages.map((one) => one.brew).join(' ')}`;
};
