import type { Access, AccessTarget, AccessWord } from '@heavy/access';
import type { FailureCode, FailureContext } from '@heavy/contracts';
import type { Logger } from '@heavy/service';
import { chatText, userText } from './change-text.ts';
import { type MeantUser, meantUser, type Names } from './meant-user.ts';
import { durationOf, isUsername, type Named, plainName, type Raw, wordArguments } from './word-arguments.ts';

export interface ChangeDeps {
  access: Pick<Access, 'of' | 'change'>;
  account: Names;
  /** The user ids of the admins. */
  admins: readonly number[];
  log: Pick<Logger, 'info'>;
}

/** What a command is answered with. */
export type Answer = { text: string } | { failure: { code: FailureCode; context: FailureContext } };

const failed = (code: FailureCode, context: FailureContext = {}): Answer => ({ failure: { code, context } });

const subjectLimit = 100;

/** What was typed, to be quoted in the chat. */
const subjectOf = (typed: string): string => typed.slice(0, subjectLimit).replace(/[\ud800-\udbff]$/u, '');

const subjectOfName = (whom: Named): FailureContext =>
  'username' in whom ? { subject: subjectOf(`@${whom.username}`) } : {};

/** Whom a reply means; undefined where what it replies to could not be had. */
const authorOf = (reply: Raw['reply']): Named | undefined => {
  if (reply?.senderId === undefined) return undefined;
  const name = plainName(reply.senderName ?? '');
  return { author: reply.senderId, ...(name === '' ? {} : { name }) };
};

/** What is answered where a word came with what it does not take. */
const usage = {
  grace: 'Nothing has changed: grace is for a whole chat. For one person there is .bless @name 30d.',
  smite: 'Nothing has changed: smite is for a whole chat. For one person there is .hammer @name 1h.',
  pardon:
    'Nothing has changed: .pardon @name is for one person, as is .pardon in reply to a message of theirs, and .pardon alone is for this chat. A pardon has no duration.',
};

const oneAtATime = 'Nothing has changed: that is for one person at a time.';

const overtaken =
  'Nothing has changed: what an admin said after that was carried out first, and holds. Say it again if you mean it.';

const smiteHasNoEnd = 'It ends by that alone: smite takes no duration.';

/** What is to be changed; or the answer that nothing is. */
type Wanted = { target: AccessTarget; user?: MeantUser; durationS?: number; remark?: string } | Answer;

/**
 * Carries out the words by which admins say who may use the commands. A repeat of an event changes nothing.
 * @throws {RetryableError} where Telegram cannot be asked at present who has a username.
 */
export const changeAsked = ({ access, account, admins, log }: ChangeDeps) => {
  const wantedOf = async (word: AccessWord, data: Raw): Promise<Wanted> => {
    const { named, others } = wordArguments(data);
    const chat: AccessTarget = { kind: 'chat', id: data.chat.id };
    if ((word === 'grace' || word === 'smite') && named) return { text: usage[word] };
    if (word === 'pardon' && others.length > 0) return { text: usage.pardon };
    // To be obeyed at once, whatever else was meant.
    if (word === 'smite') return { target: chat, ...(others.length > 0 ? { remark: smiteHasNoEnd } : {}) };
    const isOfChat = word === 'grace' || (word === 'pardon' && !named && !data.reply);
    const whom = isOfChat ? undefined : (named ?? authorOf(data.reply));
    if (!isOfChat && !whom) return failed('target_missing');
    if (whom && others.some(isUsername)) return { text: oneAtATime };
    const durationS = durationOf(others);
    if (durationS === null) return failed('duration_invalid', { subject: subjectOf(others.join(' ')) });
    const lasting = durationS === undefined ? {} : { durationS };
    if (!whom) return { target: chat, ...lasting };
    const user = await meantUser(whom, account);
    if (!user) return failed('user_unknown', subjectOfName(whom));
    if (user.id === data.account || admins.includes(user.id)) return failed('admin_untouchable');
    return { target: { kind: 'user', id: user.id }, user, ...lasting };
  };

  return async (eventId: string, word: AccessWord, data: Raw): Promise<Answer> => {
    if (data.auth.role !== 'admin') return failed('admin_word');
    const wanted = await wantedOf(word, data);
    if (!('target' in wanted)) return wanted;
    const { target, user, durationS, remark } = wanted;
    const lasting = durationS === undefined ? {} : { durationS };
    const [by, chatId] = [data.sender.id, data.chat.id];
    const { date, id: messageId } = data.message;
    const changed = await access.change({
      ...{ id: eventId, word, target, by, chatId, ...lasting, saidAt: { date, messageId } },
      ...(user?.name === undefined ? {} : { name: user.name }),
    });
    if (changed.overtaken) return { text: overtaken };
    log.info({ word, target, by, until: changed.entry?.until }, 'access changed');
    const made = { word, ...changed, ...lasting };
    const text = user ? userText(made, user, (await access.of(user.id, chatId)).chat) : chatText(made);
    return { text: remark === undefined ? text : `${text} ${remark}` };
  };
};
