import type { WorldChat, WorldMessage, WorldUser } from '@heavy/local-telegram';
import { isStatus } from './demo/play.ts';
import type { Stack } from './stack.ts';

export interface CrowdSize {
  /** Every fourth is a supergroup with topics, the others are basic groups. */
  chats: number;
  /** Spread evenly over the chats. */
  users: number;
}

/** Many people in many chats, in each of which the account is a member. */
export interface Crowd {
  readonly chats: readonly WorldChat[];
  readonly users: readonly WorldUser[];
  /** Each user, by its index, types its text in its own chat and topic; all of them at once. */
  asks(text: (index: number) => string): WorldMessage[];
  /** What the account has said to each of the messages and not taken back, in their order. */
  answersTo(messages: readonly WorldMessage[]): WorldMessage[][];
  /**
   * Resolves when each of the messages has an answer, and no status message any more.
   * @throws the signal's reason when it aborts first.
   */
  answered(messages: readonly WorldMessage[], signal: AbortSignal): Promise<void>;
}

const topics = ['Questions', 'Links'];

/** Makes a crowd in the stack's world; each makes one of its own. */
export const createCrowd = ({ world, account }: Pick<Stack, 'world' | 'account'>, size: CrowdSize): Crowd => {
  const serial = world.users.length;
  const users = Array.from({ length: size.users }, (_, index) => world.addUser(`asker_${serial + index}`));
  const chats = Array.from({ length: size.chats }, (_, index) => {
    const title = `Crowd ${serial}, ${index + 1}`;
    const members = [account, ...users.filter((_user, user) => user % size.chats === index)];
    return index % 4 === 3
      ? world.addSupergroup(title, { members, topics })
      : world.addGroup(title, { members });
  });
  const placeOf = (index: number): { chat: WorldChat; topic?: string } => {
    const chat = chats[index % size.chats];
    if (!chat) throw new Error('A crowd has chats.');
    const topic = chat.topics.at(Math.floor(index / size.chats) % Math.max(1, chat.topics.length));
    return { chat, ...(topic ? { topic: topic.title } : {}) };
  };

  const answersTo = (messages: readonly WorldMessage[]): WorldMessage[][] => {
    const found = new Map(messages.map((message) => [message, [] as WorldMessage[]]));
    for (const chat of new Set(messages.map((message) => message.chat)))
      for (const answer of chat.messages())
        if (answer.from === account && answer.replyTo) found.get(answer.replyTo)?.push(answer);
    return [...found.values()];
  };

  const answered = async (messages: readonly WorldMessage[], signal: AbortSignal): Promise<void> => {
    const waiting = new Set(messages);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (message: WorldMessage, answers: readonly WorldMessage[]) => {
      if (answers.length > 0 && !answers.some(isStatus)) waiting.delete(message);
      if (waiting.size === 0) resolve();
    };
    const stopListening = world.on('event', ({ message: { replyTo: asked } }) => {
      if (asked && waiting.has(asked)) look(asked, answersTo([asked])[0] ?? []);
    });
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp);
    try {
      const there = answersTo(messages);
      for (const [index, message] of messages.entries()) look(message, there[index] ?? []);
      if (signal.aborted) giveUp();
      await promise;
    } finally {
      stopListening();
      signal.removeEventListener('abort', giveUp);
    }
  };

  return {
    chats,
    users,
    asks: (text) =>
      users.map((user, index) => {
        const { chat, topic } = placeOf(index);
        return user.in(chat, topic === undefined ? {} : { topic }).says(text(index));
      }),
    answersTo,
    answered,
  };
};
