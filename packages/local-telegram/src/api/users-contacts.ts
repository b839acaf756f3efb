import { badRequest, RpcError } from '../rpc-error.ts';
import { Api } from '../tl.ts';
import type { Call, Methods } from './call.ts';
import { userOf } from './peers.ts';

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
    const user = call.world.findUser(username);
    if (!user) throw badRequest('USERNAME_NOT_OCCUPIED');
    const view = call.view();
    return new Api.contacts.ResolvedPeer({ peer: view.peerUser(user), ...view.mentioned() });
  },
  'contacts.GetContacts': (_, call) => {
    const view = call.view();
    return new Api.contacts.Contacts({ contacts: [], savedCount: 0, users: view.mentioned().users });
  },
  'account.UpdateStatus': () => true,
};
