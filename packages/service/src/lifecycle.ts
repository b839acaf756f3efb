import type { Logger } from 'pino';
import type { Phase } from './http.ts';

/** A part of stopping; may take time, and its failure does not keep the others from running. */
export type StopStep = () => Promise<unknown> | unknown;

export interface LifecycleOptions {
  log: Logger;
  /** All of stopping has to be done within this. */
  graceMs: number;
  /** Runs last, and has two seconds: hands over the log lines that are left. */
  flush: () => Promise<void>;
  exit: (code: number) => void;
}

/** Start, run, stop: each once, and in this order. */
export interface Lifecycle {
  readonly phase: Phase;
  /** Aborts when stopping begins. */
  readonly stopping: AbortSignal;
  /** From now on the service is ready, unless it is stopping already. */
  running(): void;
  /** What comes before all other steps: no new work, and the work in hand done within `graceMs`. */
  drainWith(drain: (graceMs: number) => Promise<unknown>): void;
  /** Steps run in reverse order, so that what was started last is stopped first. */
  onStop(name: string, step: StopStep): void;
  /** Begins to stop, once. */
  stop(reason: string, exitCode: number): void;
  /** Stops on SIGTERM, SIGINT and on errors that nobody caught. */
  listen(): void;
}

/** One Ctrl-C can reach a process twice: from the terminal, and passed on by its parent. */
const sameSignalMs = 300;
const flushLimitMs = 2000;
/** What of the grace period is kept for the steps after draining. */
const reserveMs = (graceMs: number): number => Math.min(5000, graceMs / 4);

export const createLifecycle = ({ log, graceMs, flush, exit }: LifecycleOptions): Lifecycle => {
  let phase: Phase = 'starting';
  let exitCode = 0;
  let signalledAt = 0;
  let drain: (graceMs: number) => Promise<unknown> = async () => undefined;
  const stopping = new AbortController();
  const steps: { name: string; step: StopStep }[] = [];

  const leave = async (code: number): Promise<void> => {
    setTimeout(() => exit(code), flushLimitMs);
    await flush().catch(() => undefined); // There is no log left to say it in.
    exit(code);
  };

  const attempt = async (name: string, step: StopStep): Promise<void> => {
    try {
      await step();
    } catch (err) {
      exitCode = 1;
      log.error({ err, step: name }, 'a step of stopping failed');
    }
  };

  const stopSteps = async (): Promise<void> => {
    const startedAt = Date.now();
    await attempt('drain', () => drain(graceMs - reserveMs(graceMs)));
    // A start that is still under way may add steps meanwhile.
    for (let next = steps.pop(); next !== undefined; next = steps.pop()) await attempt(next.name, next.step);
    log.info({ ms: Date.now() - startedAt, exitCode }, 'stopped');
    await leave(exitCode);
  };

  const lifecycle: Lifecycle = {
    get phase() {
      return phase;
    },
    stopping: stopping.signal,
    running() {
      if (phase === 'starting') phase = 'running';
    },
    drainWith(fn) {
      drain = fn;
    },
    onStop(name, step) {
      steps.push({ name, step });
    },
    stop(reason, code) {
      exitCode = Math.max(exitCode, code);
      if (phase === 'draining') return;
      phase = 'draining';
      log.info({ reason, graceMs }, 'stopping');
      setTimeout(() => {
        log.error({ graceMs }, 'not stopped within the grace period');
        void leave(1);
      }, graceMs);
      stopping.abort(new Error(`stopping: ${reason}`));
      void stopSteps();
    },
    listen() {
      const signalled = (signal: NodeJS.Signals): void => {
        const now = Date.now();
        if (signalledAt > 0 && now - signalledAt >= sameSignalMs) {
          log.warn({ signal }, 'a second signal: ending at once');
          void leave(1);
          return;
        }
        signalledAt ||= now;
        lifecycle.stop(signal, 0);
      };
      process.on('SIGTERM', signalled);
      process.on('SIGINT', signalled);
      process.on('uncaughtException', (err, origin) => {
        log.fatal({ err }, origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception');
        lifecycle.stop(origin, 1);
      });
    },
  };
  return lifecycle;
};
