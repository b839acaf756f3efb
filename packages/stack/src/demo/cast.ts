import type { World, WorldChat, WorldMessage, WorldUser } from '@heavy/local-telegram';

/** `Film club` → `film-club`: how a chat is called in a script and in the transcript. */
const slug = (title: string): string => title.trim().toLowerCase().replace(/\s+/gu, '-');

/** Who speaks where, by the names of a script. */
interface Place {
  chat: string;
  topic?: string;
  user: string;
}

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

  const enter = (token: string, who: WorldUser): WorldChat => {
    if (token === 'private') return world.find(account, who);
    const place = chat(token);
    place.admit(who);
    return place;
  };
  const idOf = (message: WorldMessage): number => message.idFor(account);

  return {
    account,
    /** Says a text as that user in that chat; resolves names first. */
    say: (where: Place, text: string, replyTo?: WorldMessage): WorldMessage => {
      const who = user(where.user);
      const at = where.topic === undefined ? {} : { topic: where.topic };
      return who.in(enter(where.chat, who), at).says(text, replyTo ? { replyTo } : {});
    },
    /** The message of that id in the chat. */
    find: (where: Place, id: number): WorldMessage | undefined =>
      enter(where.chat, user(where.user))
        .messages()
        .find((message) => idOf(message) === id),
    /** Ids as the account sees them. */
    idOf,
    chatIdOf: (place: WorldChat): number => place.markedIdFor(account),
    tokenOf: ({ chat: place, topic }: WorldMessage): string =>
      place.type === 'private' ? 'private' : `${slug(place.title)}${topic ? `/${topic.title}` : ''}`,
  };
};

export type Cast = ReturnType<typeof createCast>;
