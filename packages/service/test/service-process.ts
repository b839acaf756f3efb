import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Line = Record<string, unknown> & { msg?: string };

/** A service as a process of its own, and what it writes. */
export interface ServiceProcess {
  readonly pid: number;
  readonly lines: readonly Line[];
  readonly raw: () => string;
  readonly stderr: () => string;
  /** The first line, past or coming, that fits; rejects when the process ends without. */
  line(fits: (line: Line) => boolean): Promise<Line>;
  says(msg: string): Promise<Line>;
  signal(signal: NodeJS.Signals): void;
  readonly exit: Promise<number | null>;
  /** Fetches one of the pages. */
  get(path: string): Promise<{ status: number; text: string }>;
}

const running = new Set<ServiceProcess>();

/** Ends what a failed test has left. */
export const endAll = async (): Promise<void> => {
  for (const one of running) one.signal('SIGKILL');
  await Promise.all([...running].map((one) => one.exit));
};

export const startProcess = (script: URL, env: Record<string, string>): ServiceProcess => {
  const child = spawn(process.execPath, [fileURLToPath(script)], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Line[] = [];
  const waiting = new Set<{
    fits: (line: Line) => boolean;
    resolve: (line: Line) => void;
    reject: (e: Error) => void;
  }>();
  let raw = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  createInterface(child.stdout).on('line', (text) => {
    raw += `${text}\n`;
    const line: Line = JSON.parse(text);
    lines.push(line);
    for (const one of waiting)
      if (one.fits(line)) {
        waiting.delete(one);
        one.resolve(line);
      }
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const service: ServiceProcess = {
    pid: child.pid ?? 0,
    lines,
    raw: () => raw,
    stderr: () => stderr,
    line: (fits) =>
      new Promise((resolve, reject) => {
        const found = lines.find(fits);
        if (found) resolve(found);
        else if (child.exitCode !== null) reject(new Error(`ended without it:\n${raw}${stderr}`));
        else waiting.add({ fits, resolve, reject });
      }),
    says: (msg) => service.line((line) => line.msg === msg),
    signal: (signal) => void child.kill(signal),
    exit,
    get: async (path) => {
      const { port } = await service.says('http listening');
      const response = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: response.status, text: await response.text() };
    },
  };
  void exit.then(() => {
    running.delete(service);
    for (const one of waiting) one.reject(new Error(`ended without it:\n${raw}${stderr}`));
  });
  running.add(service);
  return service;
};
