import { badRequest, RpcError } from '../rpc-error.ts';
import { Api } from '../tl.ts';
import type { Call, Methods } from './call.ts';
import { userOf } from './peers.ts';

/** Also shorter ones than Telegram gives out. */
const usernames = /^[a-z]\w{0,31}$/i;

const userOrEmpty = (call: Call, input: Api.TypeEntityLike): Api.TypeUser => {
  try {
    return call.view().user(userOf(call, input));
  } catch (error) {
    if (error instanceof RpcError && input instanceof Api.InputUser)
      return new Api.UserEmpty({ id: input.userId });
    throw error;
  }
};

export const usersContacts: Methods = {
  'users.GetUsers': ({ id }, call) => id.map((input) => userOrEmpty(call, input)),
  'contacts.ResolveUsername': ({ username }, call) => {
    if (!usernames.test(username)) throw badRequest('USERNAME_INVALID');
    const user = call.world.findUsername(username);
    const chat = user ? undefined : call.world.findPublicChat(username);
    const view = call.view();
    const peer = user ? view.peerUser(user) : chat && view.peer(chat);
    if (!peer) throw badRequest('USERNAME_NOT_OCCUPIED');
    return new Api.contacts.ResolvedPeer({ peer, ...view.mentioned() });
  },
  'contacts.GetContacts': (_, call) => {
    const view = call.view();
    return new Api.contacts.Contacts({ contacts: [], savedCount: 0, users: view.mentioned().users });
  },
  'account.UpdateStatus': () => true,
};
