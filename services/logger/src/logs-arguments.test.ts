import { describe, expect, it } from 'vitest';
import { parseLogsArguments } from './logs-arguments.ts';

describe('parseLogsArguments', () => {
  it('reads all options', () => {
    const args = '--correlation abcdef --follow --level warn --service sender --json --limit 5 --db x.db';
    expect(parseLogsArguments(args.split(' '))).toEqual({
      request: {
        correlation: 'abcdef',
        follow: true,
        level: 'warn',
        service: 'sender',
        json: true,
        limit: 5,
        db: 'x.db',
      },
    });
  });

  it('shows 100 lines, or all of one command, where no limit is given', () => {
    expect(parseLogsArguments([])).toMatchObject({ request: { limit: 100 } });
    expect(parseLogsArguments(['-c', 'abcdef'])).toMatchObject({ request: { limit: 10_000 } });
  });

  it.each([
    [['--correlation', 'abcde'], /at least 6/],
    [['--level', 'loud'], /"loud" is not/],
    [['--limit', '0'], /whole number/],
    [['--limit', 'ten'], /whole number/],
    [['--unknown'], /--unknown/],
    [['stray'], /stray/],
  ])('explains what is wrong with %j', (args, fault) => {
    expect(parseLogsArguments(args)).toEqual({ fault: expect.stringMatching(fault) });
  });

  it('asks for nothing more than the help', () => {
    expect(parseLogsArguments(['--help'])).toEqual({ help: true });
  });
});
