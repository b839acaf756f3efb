import type { Child } from './child.ts';

/** A server process that can be stopped and started again. */
export interface Server {
  /** Of the last process while it is stopped. */
  readonly pid: number;
  /** False after `stop`, `kill`, and when the process has ended by itself. */
  readonly running: boolean;
  /** Asks it to end in order; resolves when it has. */
  stop(): Promise<void>;
  /** Starts it again as it was; resolves when it is ready. Does nothing while it runs. */
  start(): Promise<void>;
  /** `SIGKILL` for its whole group. */
  kill(): Promise<void>;
}

/** Keeps hold of the process that `launch` starts, and of each one after it. Resolves when the first is ready. */
export const startServer = async (launch: () => Promise<Child>): Promise<Server> => {
  let child: Child;
  let running = false;
  const start = async (): Promise<Child> => {
    const started = await launch();
    running = true;
    void started.ended.then(() => {
      if (child === started) running = false;
    });
    child = started;
    return started;
  };
  child = await start();
  return {
    get pid() {
      return child.pid;
    },
    get running() {
      return running;
    },
    start: async () => {
      if (!running) await start();
    },
    stop: () => child.stop(),
    kill: () => child.kill(),
  };
};
