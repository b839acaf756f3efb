import type { World, WorldChat, WorldMessage, WorldUser } from '@heavy/local-telegram';

/** `Film club` → `film-club`: how a chat is called in a script and in the transcript. */
const slug = (title: string): string => title.trim().toLowerCase().replace(/\s+/gu, '-');

/**
 * Who and where, by the names that scripts use. Whoever or whatever is named for the first time comes into being: a user
 * joins, a chat is made with everybody in it. `private` is the user's private chat with the account.
 */
export const createCast = (world: World, account: WorldUser, users: WorldUser[], chats: WorldChat[]) => {
  const people = new Map([account, ...users].map((user) => [user.name, user]));
  const places = new Map(chats.map((chat) => [slug(chat.title), chat]));

  const user = (name: string): WorldUser => {
    const known = people.get(name);
    if (known) return known;
    const fresh = world.addUser(name);
    people.set(name, fresh);
    return fresh;
  };
  const chat = (token: string): WorldChat => {
    const known = places.get(token);
    if (known) return known;
    const fresh = world.addSupergroup(token, { members: [account.name, ...people.keys()] });
    places.set(token, fresh);
    return fresh;
  };

  return {
    account,
    /** Says a text as that user in that chat; resolves names first. */
    say: (
      where: { chat: string; topic?: string; user: string },
      text: string,
      replyTo?: WorldMessage,
    ): WorldMessage => {
      const who = user(where.user);
      const speaker = world.user(who.name);
      const options = replyTo ? { replyTo } : {};
      if (where.chat === 'private') return speaker.in(account.name).says(text, options);
      const place = chat(where.chat);
      place.admit(who);
      const at = where.topic === undefined ? {} : { topic: where.topic };
      return speaker.in(place, at).says(text, options);
    },
    /** Ids as the account sees them. */
    idOf: (message: WorldMessage): number => message.idFor(account),
    chatIdOf: (place: WorldChat): number => place.markedIdFor(account),
    tokenOf: ({ chat: place, topic }: WorldMessage): string =>
      place.type === 'private' ? 'private' : `${slug(place.title)}${topic ? `/${topic.title}` : ''}`,
  };
};

export type Cast = ReturnType<typeof createCast>;
