import { auth } from './auth.ts';
import { authPassword } from './auth-password.ts';
import { authToken } from './auth-token.ts';
import type { Methods } from './call.ts';
import { channelsTopics } from './channels-topics.ts';
import { dialogs } from './dialogs.ts';
import { help } from './help.ts';
import { historySearch } from './history-search.ts';
import { messagesEditDelete } from './messages-edit-delete.ts';
import { messagesSend } from './messages-send.ts';
import { reactions } from './reactions.ts';
import { updates } from './updates.ts';
import { upload } from './upload.ts';
import { usersContacts } from './users-contacts.ts';

/** Every method of the API that this data centre has. */
export const methods: Methods = {
  ...auth,
  ...authPassword,
  ...authToken,
  ...help,
  ...usersContacts,
  ...messagesSend,
  ...messagesEditDelete,
  ...historySearch,
  ...dialogs,
  ...channelsTopics,
  ...upload,
  ...updates,
  ...reactions,
};
