import { faultOf, videoDownload } from '@heavy/contracts';
import { contentHash } from '@heavy/media';
import { describe, expect, it } from 'vitest';
import { askedUrl } from './asked-url.ts';

type Raw = Parameters<typeof askedUrl>[0];
type Entities = Raw['message']['entities'];

const origin = { account: 1, chatId: -2, messageId: 3, userId: 4 };

const raw = (
  text: string,
  { entities = [], reply }: { entities?: Entities; reply?: Raw['reply'] } = {},
): Raw => ({
  account: 1,
  chat: { id: -2, type: 'group' },
  message: { id: 3, text, entities, date: 0, outgoing: false },
  sender: { id: 4 },
  ...(reply ? { reply } : {}),
  command: { word: 'vdl' },
  auth: { role: 'admin', rateLimited: false },
  receivedAt: '2026-01-01T00:00:00.000Z',
  dispatchMs: 0,
});

const replyTo = (text: string, entities: Entities = []) => ({ messageId: 2, text, entities });
const link = (offset: number, length: number, url: string) => ({ type: 'text_link', offset, length, url });

const a = 'https://example.com/a';
const b = 'https://example.com/b';

describe('askedUrl', () => {
  it.each<[name: string, asked: Raw, url: string]>([
    ['behind the word', raw(`.vdl ${a}`), a],
    ['behind a word in capitals', raw(`.VDL ${a}`), a],
    ['behind a word with white space before it', raw(`  .vdl\n${a}`), a],
    ['among other words', raw(`.vdl please get me ${a} now, thanks`), a],
    ['before a full stop', raw(`.vdl I mean ${a}.`), a],
    ['in brackets', raw(`.vdl (${a})`), a],
    ['the first of two', raw(`.vdl ${a} ${b}`), a],
    ['without a scheme', raw('.vdl example.com/a'), a],
    ['with a scheme in capitals', raw('.vdl HTTPS://example.com/a'), a],
    ['with a scheme as telephones write it', raw('.vdl Https://example.com/a'), a],
    ['behind words', raw('.vdl this', { entities: [link(5, 4, a)] }), a],
    ['behind words after white space', raw('   .vdl this', { entities: [link(8, 4, a)] }), a],
    [
      'marked by Telegram',
      raw('.vdl example.com/a', { entities: [{ type: 'url', offset: 5, length: 13 }] }),
      a,
    ],
    ['in what it replies to', raw('.vdl', { reply: replyTo(`look: ${a}`) }), a],
    ['in what it replies to, behind words', raw('.vdl', { reply: replyTo('look', [link(0, 4, a)]) }), a],
    ['in what it replies to, with words of its own', raw('.vdl this one please', { reply: replyTo(a) }), a],
    ['of its own rather than in what it replies to', raw(`.vdl ${a}`, { reply: replyTo(b) }), a],
    ['in what it replies to, itself a command', raw('.adl', { reply: replyTo(`.vdl ${a}`) }), a],
  ])('finds the link %s', (_, asked, url) => expect(askedUrl(asked)).toEqual({ url }));

  it.each<[name: string, asked: Raw]>([
    ['there is no text', raw('.vdl')],
    ['there is only white space', raw('.vdl \n ')],
    ['it replies to a text without a link', raw('.vdl', { reply: replyTo('hello') })],
    ['what it replies to could not be fetched', raw('.vdl', { reply: { messageId: 2 } })],
  ])('says url_missing where %s', (_, asked) =>
    expect(askedUrl(asked)).toEqual({ code: 'url_missing', context: {} }),
  );

  it.each<[text: string, subject: string]>([
    ['.vdl hello there', 'hello there'],
    ['.vdl ftp://example.com/a', 'ftp://example.com/a'],
    ['.vdl file:///etc/passwd', 'file:///etc/passwd'],
    ['.vdl https://user:secret@example.com/a', 'https://…@example.com/a'],
    ['.vdl https://example.com:99999/', 'https://example.com:99999/'],
    [`.vdl ${'x'.repeat(101)}`, `${'x'.repeat(100)}`],
  ])('says url_invalid of %j', (text, subject) => {
    expect(askedUrl(raw(text))).toEqual({ code: 'url_invalid', context: { subject } });
  });

  it('says url_invalid of a link that is too long', () => {
    const asked = askedUrl(raw(`.vdl ${a}?${'x'.repeat(2048)}`));
    expect(asked).toMatchObject({ code: 'url_invalid' });
  });

  it('quotes no half of a character', () => {
    const asked = askedUrl(raw(`.vdl ${'x'.repeat(99)}😀😀`));
    expect('context' in asked && asked.context.subject?.isWellFormed()).toBe(true);
  });

  it.each(['HTTP://EXAMPLE.COM/A', 'hTTps://example.com/ä?b#c', `${a}/${'x'.repeat(2000)}`])(
    'gives what a download command takes: %s',
    (text) => {
      const asked = askedUrl(raw(`.vdl ${text}`));
      if (!('url' in asked)) throw new Error(asked.code);
      const request = { url: asked.url, kind: 'video' as const };
      expect(faultOf(videoDownload.data, { request, origin, contentHash: contentHash(request) })).toBeNull();
    },
  );
});
