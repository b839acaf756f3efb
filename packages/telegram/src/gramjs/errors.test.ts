import { Api } from 'telegram';
import { RPCMessageToError } from 'telegram/errors/index.js';
import { describe, expect, it } from 'vitest';
import { NotConnected } from '../errors.ts';
import { toTelegramError } from './errors.ts';

const refusal = (errorCode: number, errorMessage: string) =>
  RPCMessageToError(new Api.RpcError({ errorCode, errorMessage }), new Api.messages.SendMessage({}));

describe('toTelegramError', () => {
  it.each([
    [420, 'FLOOD_WAIT_33', { name: 'FloodWait', seconds: 33, code: 'FLOOD_WAIT' }],
    [420, 'FLOOD_PREMIUM_WAIT_4', { name: 'FloodWait', seconds: 4 }],
    [420, 'SLOWMODE_WAIT_9', { name: 'SlowMode', seconds: 9, code: 'SLOWMODE_WAIT' }],
    [400, 'PEER_FLOOD', { name: 'PeerFlood', code: 'PEER_FLOOD' }],
    [401, 'AUTH_KEY_UNREGISTERED', { name: 'AuthLost', code: 'AUTH_KEY_UNREGISTERED' }],
    [401, 'USER_DEACTIVATED_BAN', { name: 'AuthLost', code: 'USER_DEACTIVATED_BAN' }],
    [406, 'AUTH_KEY_DUPLICATED', { name: 'AuthLost', code: 'AUTH_KEY_DUPLICATED' }],
    [400, 'FILE_REFERENCE_EXPIRED', { name: 'FileReferenceExpired' }],
    [400, 'FILE_REFERENCE_0_EXPIRED', { name: 'FileReferenceExpired' }],
    [403, 'CHAT_WRITE_FORBIDDEN', { name: 'Refused', code: 'CHAT_WRITE_FORBIDDEN' }],
    [406, 'CHANNEL_PRIVATE', { name: 'Refused', code: 'CHANNEL_PRIVATE' }],
    [500, 'RPC_CALL_FAIL', { name: 'TelegramUnavailable', code: 'RPC_CALL_FAIL' }],
    [-503, 'Timeout', { name: 'TelegramUnavailable', code: 'Timeout' }],
  ])('maps %i %s', (code, message, expected) => {
    const cause = refusal(code, message);
    expect(toTelegramError(cause, 'messages.SendMessage')).toMatchObject({
      ...expected,
      method: 'messages.SendMessage',
      cause,
    });
  });

  it('leaves an error of ours as it is', () => {
    const error = new NotConnected('connect');
    expect(toTelegramError(error, 'messages.SendMessage')).toBe(error);
  });

  it('wraps what is nobody’s answer', () => {
    const cause = new TypeError('x is undefined');
    expect(toTelegramError(cause, 'm')).toMatchObject({ name: 'TelegramError', code: 'CLIENT_FAULT', cause });
  });
});
