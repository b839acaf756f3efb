import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { surroundings } from '../config.ts';
import { withInstallLock } from './install-lock.ts';
import { findCommand, type Program } from './program.ts';
import { runStep, StepFailed, succeeds } from './run-step.ts';

/** MinIO, or another real S3 server where MinIO cannot be had. */
export interface S3Program {
  readonly kind: 'minio' | 'versitygw';
  readonly program: Program;
}

/** The last image that MinIO published. */
const minioImage = 'quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z';

const modules = [
  ['minio', 'github.com/minio/minio@latest'],
  ['versitygw', 'github.com/versity/versitygw/cmd/versitygw@latest'],
] as const;

/** What is on PATH or was built before. */
const findS3 = (folder: string, path = surroundings().path): S3Program | undefined => {
  for (const [kind] of modules) {
    const command = findCommand([kind, join(folder, kind)], path);
    if (command) return { kind, program: { command } };
  }
  return undefined;
};

const build = async (
  folder: string,
  go: string,
  say: (line: string) => void,
): Promise<S3Program | undefined> => {
  for (const [kind, module] of modules) {
    // Built aside and moved when it is whole.
    const draft = join(folder, `building-${process.pid}`);
    say(`Building ${kind} with Go, once (2 to 6 minutes)…`);
    try {
      await runStep(go, ['install', module], {
        env: { ...surroundings().inherited, GOBIN: draft },
        timeoutMs: 25 * 60_000,
      });
      renameSync(join(draft, kind), join(folder, kind));
      return { kind, program: { command: join(folder, kind) } };
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      say(`${kind} could not be built: ${error.message.split('\n').at(-1)}`);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }
  return undefined;
};

/** An S3 server: on PATH, built before, in Docker, or built now with Go. Undefined where none of these works. */
export const ensureS3 = async (options: {
  say: (line: string) => void;
  folder?: string;
}): Promise<S3Program | undefined> => {
  const { say, folder = join(surroundings().cacheDir, 's3') } = options;
  const found = findS3(folder);
  if (found) return found;
  const { inherited } = surroundings();
  if (findCommand(['docker']) && (await succeeds('docker', ['info'], { env: inherited })))
    return { kind: 'minio', program: { image: minioImage } };
  const go = findCommand(['go', '/usr/local/go/bin/go', '/opt/homebrew/bin/go']);
  if (!go) return undefined;
  mkdirSync(folder, { recursive: true });
  const onWait = () => say('Waiting for another process that is building an S3 server…');
  return await withInstallLock(
    { folder, name: 'install', onWait },
    async () => findS3(folder) ?? (await build(folder, go, say)),
  );
};
