import { GrammyError, HttpError } from 'grammy';
import { describe, expect, it } from 'vitest';
import { AnswerLost, NotReached } from './bot-api.ts';
import { fateOf } from './call-fate.ts';

const answer = (error_code: number, description: string, parameters = {}): GrammyError =>
  new GrammyError('refused', { ok: false, error_code, description, parameters }, 'sendMessage', {});

describe('fateOf', () => {
  it.each([
    [answer(429, 'Too Many Requests: retry after 7', { retry_after: 7 }), { kind: 'wait', waitMs: 7000 }],
    [answer(500, 'Internal Server Error'), { kind: 'again', details: '500 Internal Server Error' }],
    [answer(401, 'Unauthorized'), { kind: 'refused', details: '401 Unauthorized' }],
    [
      answer(400, 'Bad Request: group chat was upgraded', { migrate_to_chat_id: -100 }),
      { kind: 'migrated', to: -100 },
    ],
    [answer(403, 'Forbidden: x'), { kind: 'failed', details: '403 Forbidden: x', chat: true }],
    [
      answer(400, 'Bad Request: chat not found'),
      { kind: 'failed', details: '400 Bad Request: chat not found', chat: true },
    ],
    [
      answer(400, 'Bad Request: message is too long'),
      { kind: 'failed', details: '400 Bad Request: message is too long', chat: false },
    ],
    [new HttpError('x', new NotReached('away')), { kind: 'unreached', details: 'away' }],
    [new HttpError('x', new AnswerLost('lost')), { kind: 'ambiguous', details: 'lost' }],
    [
      new SyntaxError('Unexpected token'),
      { kind: 'ambiguous', details: 'no readable answer of the Bot API' },
    ],
  ])('reads %s', (error, fate) => {
    expect(fateOf(error)).toEqual(fate);
  });
});
