import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { profileFor, readSiteProfiles } from './site-profiles.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heavy-profiles-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (content: unknown): ReturnType<typeof readSiteProfiles> => {
  const path = join(folder, 'profiles.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return readSiteProfiles(path);
};
const hosts = ['example.com'];

describe('readSiteProfiles', () => {
  it('reads all that may be set, and finds cookies beside the file', async () => {
    const profile = {
      ...{ hosts, format: 'b', extractorArgs: ['a:b=c'], userAgent: 'U', referer: 'https://e.example/' },
      ...{ headers: { 'X-A': 'b' }, sleepRequestsS: 0.5, concurrentFragments: 16, rateLimit: '1.5M' },
    };
    expect(await read([{ ...profile, cookiesFile: 'cookies/e.txt' }])).toEqual([
      { ...profile, cookiesFile: join(folder, 'cookies', 'e.txt') },
    ]);
    expect(await read([])).toEqual([]);
  });

  it.each([
    ['no JSON', '[{', /JSON/],
    ['no array', {}, 'must be array'],
    ['no hosts', [{}], "/0 must have required property 'hosts'"],
    ['an empty list of hosts', [{ hosts: [] }], '/0/hosts must NOT have fewer than 1 items'],
    ['a URL for a host', [{ hosts: ['https://e.example'] }], '/0/hosts/0 must match pattern'],
    ['another option', [{ hosts, exec: 'x' }], '/0 must NOT have additional properties: exec'],
    ['a line break in a header', [{ hosts, headers: { a: 'b\r\nc: d' } }], '/0/headers/a must match pattern'],
    [
      'a header that is no name',
      [{ hosts, headers: { 'a: b': 'c' } }],
      '/0/headers must NOT have additional',
    ],
    ['a question at the terminal', [{ hosts, format: '-' }], '/0/format must match pattern'],
    ['too many fragments', [{ hosts, concurrentFragments: 17 }], '/0/concurrentFragments must be <= 16'],
    ['a rate that is none', [{ hosts, rateLimit: '5 MB' }], '/0/rateLimit must match pattern'],
  ])('names the file and the fault of %s', async (_name, content, fault) => {
    await expect(read(content)).rejects.toThrow(join(folder, 'profiles.json'));
    await expect(read(content)).rejects.toThrow(fault);
  });

  it('names a file that is not there', async () => {
    await expect(readSiteProfiles(join(folder, 'none.json'))).rejects.toThrow(join(folder, 'none.json'));
  });
});

describe('profileFor', () => {
  const profiles = [
    { hosts: ['example.com', 'e.example'], userAgent: 'first', rateLimit: '1M' },
    { hosts: ['Media.Example.com'], userAgent: 'second' },
    { hosts: ['ample.com'], userAgent: 'third' },
  ];

  it.each([
    ['example.com', { userAgent: 'first', rateLimit: '1M' }],
    ['www.example.com.', { userAgent: 'first', rateLimit: '1M' }],
    ['cdn.media.example.com', { userAgent: 'second', rateLimit: '1M' }],
    ['notexample.com', {}],
    ['example.com.evil.example', {}],
  ])('takes for %s what the last one that matches says of each', (host, profile) => {
    expect(profileFor(profiles, host)).toEqual(profile);
  });
});
