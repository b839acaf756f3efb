import bigInt from 'big-integer';
import { Api } from 'telegram';
import { Refused } from '../errors.ts';
import type { Call } from './connections.ts';
import { unmarked } from './ids.ts';

/**
 * Asks Telegram for a peer of which nothing is known. A person's account finds it among its dialogs, if it is one of the
 * last hundred; a bot has none, and may ask without an access hash.
 * @returns an answer that mentions the peer, if Telegram knows it and the account may.
 */
export const askForPeer = async (chatId: number, isBot: boolean, call: Call): Promise<unknown> => {
  const { kind, bare } = unmarked(chatId);
  const id = bigInt(bare);
  const accessHash = bigInt.zero;
  try {
    if (!isBot)
      return await call(
        new Api.messages.GetDialogs({
          offsetDate: 0,
          offsetId: 0,
          offsetPeer: new Api.InputPeerEmpty(),
          limit: 100,
          hash: bigInt.zero,
        }),
      );
    if (kind === 'user')
      return {
        users: await call(new Api.users.GetUsers({ id: [new Api.InputUser({ userId: id, accessHash })] })),
      };
    return await call(
      new Api.channels.GetChannels({ id: [new Api.InputChannel({ channelId: id, accessHash })] }),
    );
  } catch (error) {
    if (error instanceof Refused) return null; // it does not exist, or not for this account
    throw error;
  }
};
