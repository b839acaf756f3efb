/** Every key that services share in Redis. docs/redis-keys.md gives type, life and owner of each. */
export const redisKeys = {
  /** Hash: command word → the service that owns it. */
  commandWords: 'commands:words',
  /** String with a TTL: the service's last sign of life. */
  heartbeat: (service: string, instance: string) => `heartbeat:${service}:${instance}`,
  /** String with a TTL: this queue's consumer has handled this event. */
  handled: (queue: string, eventId: string) => `handled:${queue}:${eventId}`,
  /** Hash: peer id → what is needed to address it, for one account. */
  peers: (account: number) => `telegram:peers:${account}`,
  /** Hash: the status message and the outcome of one command. */
  answer: (account: number, chatId: number, messageId: number) => `answer:${account}:${chatId}:${messageId}`,
} as const;
