import { describe, expect, it } from 'vitest';
import { type Attempt, findFaults } from './yt-dlp-canaries.ts';

const programs = { current: 'old', candidate: 'new' };

/** Answers by `program url` with the errors in turn; what is not named is read. */
const sites = (errors: Record<string, (string | undefined)[]>): Attempt & { tried: string[] } => {
  const tried: string[] = [];
  const attempt: Attempt = async (program, url) => {
    tried.push(`${program} ${url}`);
    return errors[`${program} ${url}`]?.shift();
  };
  return Object.assign(attempt, { tried });
};

describe('findFaults', () => {
  it('tells what the one in use reads and the new one does not', async () => {
    const site = sites({ 'new b': ['ERROR: broken', 'ERROR: broken'] });
    expect(await findFaults(['a', 'b', 'c'], programs, undefined, site)).toEqual([
      { url: 'b', error: 'ERROR: broken' },
    ]);
  });

  it('does not blame the new one for a site that neither reads', async () => {
    const site = sites({ 'new a': ['ERROR: gone', 'ERROR: gone'], 'old a': ['ERROR: gone'] });
    expect(await findFaults(['a'], programs, undefined, site)).toEqual([]);
  });

  it('does not blame the new one for what failed in passing', async () => {
    const site = sites({ 'new a': ['ERROR: timed out'] });
    expect(await findFaults(['a'], programs, undefined, site)).toEqual([]);
    expect(site.tried).toEqual(['new a', 'old a', 'new a']);
  });
});
