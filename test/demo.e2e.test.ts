import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

interface Line {
  at_ms: number;
  event: 'new' | 'edit' | 'delete';
  chat: string;
  from: string;
  message_id: number;
  reply_to: number | null;
  text: string;
  media: { kind: string; sha256: string } | null;
  correlation_id: string | null;
  since_command_ms: number | null;
  summary?: { passed: number; failed: number };
}

let dir: string;
const running: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'heavy-demo-test-'));
});

afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

const demo = (...args: string[]): ChildProcess => {
  const script = new URL('../packages/stack/src/demo.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...args], { stdio: 'pipe' });
  running.push(child);
  return child;
};

const linesOf = (child: ChildProcess): { lines: Line[]; ended: Promise<unknown> } => {
  const lines: Line[] = [];
  const reader = createInterface({ input: child.stdout! });
  reader.on('line', (line) => lines.push(JSON.parse(line)));
  return { lines, ended: Promise.all([once(child, 'exit'), once(reader, 'close')]) };
};

const patience = { timeout: 120_000, interval: 50 };

const scriptFile = async (...lines: string[]): Promise<string> => {
  const path = join(dir, 'conversation');
  await writeFile(path, lines.join('\n'));
  return path;
};

/** Command lines of the processes whose environment or arguments name the folder of that demo. */
const leftovers = async (pid: number): Promise<string[]> => {
  const mark = `run-${pid}`;
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/u.test(name)) continue;
    try {
      const command = (await readFile(`/proc/${name}/cmdline`, 'latin1')).replaceAll('\0', ' ');
      const environment = await readFile(`/proc/${name}/environ`, 'latin1');
      if (`${command}${environment}`.includes(mark)) found.push(`${name} ${command}`);
    } catch {
      // It ended while we were looking, or is a zombie without either.
    }
  }
  return found;
};

const nothingIsLeft = (pid: number) =>
  vi.waitFor(async () => expect(await leftovers(pid)).toEqual([]), { timeout: 30_000, interval: 250 });

describe('npm run demo', () => {
  it('plays its conversation, and all of it comes true', async () => {
    const child = demo('--once', '--json');
    const { lines, ended } = linesOf(child);
    await ended;
    const transcript = lines.slice(0, -1);
    expect(lines.at(-1)?.summary).toEqual({ passed: 28, failed: 0 });
    expect(child.exitCode).toBe(0);
    expect(new Set(transcript.map((line) => Object.keys(line).join()))).toEqual(
      new Set(['at_ms,event,chat,from,message_id,reply_to,text,media,correlation_id,since_command_ms']),
    );
    const commands = transcript.filter(({ text, event }) => text.startsWith('.') && event === 'new');
    expect(commands).toHaveLength(26);
    expect(new Set(commands.map(({ correlation_id: id }) => id)).size).toBe(26);
    const published = commands.filter(({ correlation_id: id }) => id !== null);
    expect(commands.filter((command) => !published.includes(command))).toMatchObject([
      { from: 'bob', text: expect.stringMatching(/^\.vdl .*\/clip\.mp4$/u) },
    ]);
    for (const { message_id: id, chat, correlation_id: correlation } of published) {
      const about = transcript.filter(
        (line) => line.reply_to === id && line.chat === chat && line.from === 'heavy',
      );
      expect(new Set(about.map(({ correlation_id: own }) => own))).toEqual(new Set([correlation]));
    }
    await nothingIsLeft(child.pid!);
  });

  it('plays a script of one’s own, with names that are new', async () => {
    const path = await scriptFile(
      '# a conversation',
      'garden dora look at {site}/watch/sample please',
      'garden emil reply:1 .adl',
      'wait 0.1',
      'cinema/Trailers dora .vdl nothing',
      'film-club dora .unknown word',
    );
    const child = demo('--script', path, '--json');
    const { lines, ended } = linesOf(child);
    await ended;
    expect(lines.at(-1)?.summary).toEqual({ passed: 2, failed: 0 });
    expect(child.exitCode).toBe(0);
    const audio = lines.find(({ media }) => media);
    expect(audio).toMatchObject({
      chat: 'garden',
      from: 'heavy',
      reply_to: lines[1]?.message_id,
      media: { kind: 'audio' },
    });
    expect(lines.some(({ chat, text }) => chat === 'cinema/Trailers' && text.includes('not a link'))).toBe(
      true,
    );
  });

  it('says what a person types, also as a reply to the message of that number', async () => {
    const child = demo('--json');
    const { lines, ended } = linesOf(child);
    const answerTo = async (typed: string) => {
      child.stdin!.write(`${typed}\n`);
      const { message_id: id } = await vi.waitFor(() => {
        const said = lines.find(({ text, chat }) => chat === 'private' && typed.endsWith(text));
        if (!said) throw new Error(`nobody said ${typed}`);
        return said;
      }, patience);
      return vi.waitFor(() => {
        const answer = lines.find(({ chat, reply_to: to }) => chat === 'private' && to === id);
        if (!answer) throw new Error(`no answer to ${typed}`);
        return answer;
      }, patience);
    };
    child.stdin!.write('/in private bob\n');
    const refusal = await answerTo('.vdl nothing');
    expect(refusal.text).toContain('not a link');
    child.stdin!.write('reply:999 .why\n');
    // How to use it is what a .why that replies to nothing would be told.
    expect((await answerTo(`reply:${refusal.message_id} .why`)).text).not.toContain('Reply with');
    child.stdin!.end();
    await ended;
    expect(child.exitCode).toBe(0);
    expect(lines.filter(({ text }) => text === '.why')).toMatchObject([
      { from: 'bob', reply_to: refusal.message_id },
    ]);
  });

  it('names the line of a script that it cannot read, and starts nothing', async () => {
    const child = demo('--script', await scriptFile('film-club alice hello', 'wait long'));
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    expect(said).toContain('line 2: wait takes');
    expect(await leftovers(child.pid!)).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 130],
    ['SIGKILL', null],
  ] as const)('leaves nothing behind after %s in the middle of a download', async (signal, code) => {
    const child = demo('--json', '--script', await scriptFile('film-club alice .vdl {site}/slow.mp4'));
    const { lines, ended } = linesOf(child);
    await vi.waitFor(
      () => expect(lines.some(({ text }) => text.startsWith('… downloading'))).toBe(true),
      patience,
    );
    expect((await leftovers(child.pid!)).length).toBeGreaterThan(5);
    child.kill(signal);
    await ended;
    expect(child.exitCode).toBe(code);
    await nothingIsLeft(child.pid!);
  });
});
