import { runInContext } from '@heavy/messaging';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';
import { createRedactor } from './redaction.ts';

const canary = 'canary-7f3a9';

const create = () => {
  const lines: { level: string; line: string }[] = [];
  const log = createLog({
    service: 'one',
    instance: 'a',
    level: 'debug',
    redactor: createRedactor([canary]),
    write: (level, line) => void lines.push({ level, line }),
  });
  return { log, lines, last: () => JSON.parse(lines.at(-1)!.line) };
};

describe('createLog', () => {
  it('writes one JSON object a line with time, level, service and instance', () => {
    const { log, lines, last } = create();
    const before = Date.now();
    log.warn({ n: 1 }, 'careful');
    expect(last()).toMatchObject({ level: 'warn', service: 'one', instance: 'a', n: 1, msg: 'careful' });
    expect(last().time).toBeGreaterThanOrEqual(before);
    expect(lines[0]!.level).toBe('warn');
    expect(lines[0]!.line).toMatch(/^\{[^\n]*\}\n$/);
  });

  it('adds the correlation id of the message being handled', async () => {
    const { log, last } = create();
    await runInContext({ correlationId: '11111111-2222' }, async () => {
      await Promise.resolve();
      log.info('inside');
    });
    expect(last()).toMatchObject({ correlationId: '11111111-2222', msg: 'inside' });
    log.info('outside');
    expect(last()).not.toHaveProperty('correlationId');
  });

  it('takes the message of an error, and writes its causes', () => {
    const { log, last } = create();
    log.error(new Error('outer', { cause: new Error('inner') }));
    expect(last()).toMatchObject({ msg: 'outer', err: { message: 'outer', cause: { message: 'inner' } } });
  });

  it('shows no part of a secret where a long text is cut off', () => {
    const { log, lines, last } = create();
    for (let before = 8160; before <= 8192; before++) {
      const text = `${' '.repeat(before)}${canary}${' '.repeat(9000)}`;
      log.info({ err: new Error(text), text }, 'long');
      log.child({ text }).info('child');
      expect(last().text.length).toBeLessThan(8300);
    }
    expect(lines.filter(({ line }) => line.includes('can'))).toEqual([]);
  });

  it('shows a secret in no form: message, arguments, fields, children, errors, causes', () => {
    const { log, lines } = create();
    const error = new Error(`no ${canary}`, {
      cause: Object.assign(new Error(`amqp://u:p-${canary}@h`), { detail: { deep: [canary] } }),
    });
    log.info(`a ${canary} b`);
    log.info('a %s %o', canary, { x: canary });
    log.info({ a: { b: [canary] }, password: 'other-canary', url: 'redis://:other-canary@h' }, 'fields');
    log.child({ token: 'other-canary', note: canary }).info('child');
    log.error(error);
    log.error({ err: error, nested: { error } }, 'failed');
    expect(lines).toHaveLength(6);
    for (const { line } of lines) {
      expect(line).not.toContain('canary');
      expect(line).toContain('[redacted]');
      expect(() => JSON.parse(line)).not.toThrow();
    }
  });
});
