import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { surroundings } from '../config.ts';
import { runStep, StepFailed } from './run-step.ts';

/** The file with the canary URLs cannot be used; the message says which line is at fault. */
export class CanariesInvalid extends Error {
  override readonly name = 'CanariesInvalid';
}

/**
 * The URLs of a canary list: one a line, empty lines and those that begin with `#` aside.
 * @throws {CanariesInvalid}
 */
export const readCanaries = (file: string): string[] => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new CanariesInvalid(`The canary list ${file} cannot be read${code}.`, { cause });
  }
  const lines = text.split('\n').map((line, index) => ({ url: line.trim(), number: index + 1 }));
  const wanted = lines.filter(({ url }) => url !== '' && !url.startsWith('#'));
  for (const { url, number } of wanted)
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new CanariesInvalid(`Line ${number} of ${file} is no http or https URL.`);
  if (wanted.length === 0) throw new CanariesInvalid(`There is no URL in ${file}.`);
  return wanted.map(({ url }) => url);
};

/** Resolves where that yt-dlp can read the URL, and with the reason, as yt-dlp says it, where it cannot. */
export type Attempt = (program: string, url: string, signal?: AbortSignal) => Promise<string | undefined>;

const timeoutMs = 60_000;

const attempt =
  (further: readonly string[]): Attempt =>
  async (program, url, signal) => {
    const args = [
      ...['--ignore-config', '--no-plugin-dirs', '--no-cache-dir', '--no-playlist', '-I', '1'],
      ...['--simulate', '--quiet', '--no-warnings', '--color', 'never', '--socket-timeout', '20'],
      ...['--no-js-runtimes', '--js-runtimes', `node:${process.execPath}`],
      ...[...further, '--', url],
    ];
    try {
      await runStep(program, args, { env: surroundings().inherited, timeoutMs, signal });
      return undefined;
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      const lines = error.message.split('\n');
      return lines.findLast((line) => line.startsWith('ERROR: ')) ?? lines.at(-1) ?? '';
    }
  };

/** A URL that the program in use reads, and the new one does not. */
export interface CanaryFault {
  url: string;
  /** yt-dlp's own line. */
  error: string;
}

/**
 * What a new yt-dlp cannot read of what the one in use can. What neither reads is the fault of the site or of the network.
 */
export const findFaults = async (
  urls: readonly string[],
  programs: { current: string; candidate: string },
  signal?: AbortSignal,
  tryIt: Attempt = attempt([]),
): Promise<CanaryFault[]> => {
  const faults: CanaryFault[] = [];
  for (const url of urls) {
    if ((await tryIt(programs.candidate, url, signal)) === undefined) continue;
    if ((await tryIt(programs.current, url, signal)) !== undefined) continue;
    // Sites fail in passing too: it counts when it fails again.
    const error = await tryIt(programs.candidate, url, signal);
    if (error !== undefined) faults.push({ url, error });
  }
  return faults;
};

/** Without a list: a new yt-dlp has to find a file on a server of our own, on loopback and past any proxy. */
export const findFaultsHere = async (
  programs: { current: string; candidate: string },
  signal?: AbortSignal,
): Promise<CanaryFault[]> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'video/mp4').end(Buffer.from('\0\0\0\x10ftypisom\0\0\0\0', 'latin1'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = server.address() as AddressInfo;
    return await findFaults(
      [`http://127.0.0.1:${port}/canary.mp4`],
      programs,
      signal,
      attempt(['--proxy', '']),
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
};
