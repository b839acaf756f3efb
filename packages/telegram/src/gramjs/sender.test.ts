import bigInt from 'big-integer';
import { Api } from 'telegram';
import { AuthKey } from 'telegram/crypto/AuthKey.js';
import { RequestState } from 'telegram/network/RequestState.js';
import { MessageContainer, RPCResult, TLMessage } from 'telegram/tl/core/index.js';
import { describe, expect, it, vi } from 'vitest';
import { LogBridge } from './log.ts';
import { Sender } from './sender.ts';

const log = new LogBridge({ debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() });
const nothing = () => {};

/** A call that has been sent under that id and waits for its result. */
const pending = (sender: Sender, id: number) => {
  const state = new RequestState(new Api.help.GetConfig());
  state.msgId = bigInt(id);
  sender._pendingState.set(bigInt(id), state);
  return state.promise as Promise<unknown>;
};

describe('Sender', () => {
  it('gives each call in a container its answer, also behind an error and behind what cannot be read', async () => {
    const sender = new Sender({
      authKey: new AuthKey(),
      dcId: 2,
      onUpdate: nothing,
      onClosed: nothing,
      onKeyUnknown: nothing,
      log,
    });
    const [refused, unreadable, answered] = [1, 2, 3].map((id) => pending(sender, id));
    const error = new Api.RpcError({ errorCode: 420, errorMessage: 'FLOOD_WAIT_3' });
    const boolTrue = Buffer.from('b5757299', 'hex');
    const results = [
      new RPCResult(bigInt(1), undefined, error),
      new RPCResult(bigInt(2), Buffer.from('00000000', 'hex')),
      new RPCResult(bigInt(3), boolTrue),
    ];
    const settled = Promise.allSettled([refused, unreadable, answered]);
    const messages = results.map((result, i) => new TLMessage(bigInt(10 + i), 0, result));
    await sender._handleContainer(new TLMessage(bigInt(20), 0, new MessageContainer(messages)));
    expect(await settled).toMatchObject([
      { status: 'rejected', reason: { seconds: 3 } },
      { status: 'rejected' },
      { status: 'fulfilled', value: true },
    ]);
  });
});
