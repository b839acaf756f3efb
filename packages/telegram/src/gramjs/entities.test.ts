import bigInt from 'big-integer';
import { Api } from 'telegram';
import { describe, expect, it } from 'vitest';
import { fromApiEntities, toApiEntities } from './entities.ts';

const at = { offset: 1, length: 2 };
const nobody = async () => null;

describe('fromApiEntities', () => {
  it('names each kind as the Bot API does', () => {
    const entities = [
      new Api.MessageEntityUrl(at),
      new Api.MessageEntityStrike(at),
      new Api.MessageEntityPre({ ...at, language: 'ts' }),
      new Api.MessageEntityPre({ ...at, language: '' }),
      new Api.MessageEntityCustomEmoji({ ...at, documentId: bigInt('5368324170671202286') }),
      new Api.MessageEntityBlockquote(at),
      new Api.MessageEntityBlockquote({ ...at, collapsed: true }),
      new Api.MessageEntityTextUrl({ ...at, url: 'http://a.test/' }),
      new Api.MessageEntityMentionName({ ...at, userId: bigInt(7) }),
      new Api.MessageEntityUnknown(at),
    ];
    expect(fromApiEntities(entities)).toEqual([
      { type: 'url', ...at },
      { type: 'strikethrough', ...at },
      { type: 'pre', ...at, language: 'ts' },
      { type: 'pre', ...at },
      { type: 'custom_emoji', ...at, documentId: '5368324170671202286' },
      { type: 'blockquote', ...at },
      { type: 'expandable_blockquote', ...at },
      { type: 'text_link', ...at, url: 'http://a.test/' },
      { type: 'mention_name', ...at, userId: 7 },
      { type: 'unknown', ...at },
    ]);
  });

  it('takes none for an empty list', () => {
    expect(fromApiEntities(undefined)).toEqual([]);
  });
});

describe('toApiEntities', () => {
  it('gives back what fromApiEntities reads', async () => {
    const entities = [
      ...['bold', 'code', 'bot_command', 'spoiler', 'pre', 'blockquote', 'expandable_blockquote'].map(
        (type) => ({ type, ...at }),
      ),
      { type: 'text_link', ...at, url: 'http://a.test/' },
      { type: 'pre', ...at, language: 'ts' },
      { type: 'custom_emoji', ...at, documentId: '5368324170671202286' },
    ];
    expect(fromApiEntities(await toApiEntities(entities, nobody))).toEqual(entities);
  });

  it('mentions a user whom the account has seen', async () => {
    const user = new Api.InputUser({ userId: bigInt(7), accessHash: bigInt(8) });
    const [mention] =
      (await toApiEntities([{ type: 'mention_name', ...at, userId: 7 }], async () => user)) ?? [];
    expect(mention).toBeInstanceOf(Api.InputMessageEntityMentionName);
    expect(mention).toMatchObject({ ...at, userId: user });
  });

  it('leaves out strangers and unknown kinds', async () => {
    const entities = [
      { type: 'mention_name', ...at, userId: 7 },
      { type: 'toString', ...at },
      { type: 'bold', ...at },
    ];
    expect(fromApiEntities(await toApiEntities(entities, nobody))).toEqual([{ type: 'bold', ...at }]);
  });
});
