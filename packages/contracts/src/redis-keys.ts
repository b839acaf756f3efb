/** Every key that services share in Redis. docs/redis-keys.md gives type, life and owner of each. */
export const redisKeys = {
  /** Hash: command word → the service that owns it. */
  commandWords: 'commands:words',
  /** Hash: service → which messages it wants to see that are no commands (`messageInterests`). */
  messageInterests: 'updates:interests',
  /** String, with a TTL where the word has an end: what an admin said of a user. */
  accessUser: (id: number) => `access:user:${id}`,
  /** The same of a chat. */
  accessChat: (id: number) => `access:chat:${id}`,
  /** Stream: who did what to whom. */
  accessAudit: 'access:audit',
  /** String with a TTL: when what was last said of that user or chat was said. */
  accessSaid: (kind: 'user' | 'chat', id: number) => `access:said:${kind}:${id}`,
  /** String with a TTL: this change of access was made. */
  accessChange: (eventId: string) => `access:change:${eventId}`,
  /** String with a TTL: the commands that a user has used in the present window. */
  rate: (userId: number) => `rate:user:${userId}`,
  /** The same of `.whoami`, which does not count against the others. */
  rateWhoami: (userId: number) => `rate:whoami:${userId}`,
  /** String with a TTL: the event that was refused in words in the present window. */
  rateRefusal: (userId: number) => `rate:refusal:${userId}`,
  /** String with a TTL: the event that this message was published as. */
  published: (account: number, chatId: number, messageId: number) =>
    `gateway:published:${account}:${chatId}:${messageId}`,
  /** Hash: how far the account's updates, and those of each channel, have been dealt with. */
  updates: (account: number) => `telegram:updates:${account}`,
  /** String with a TTL: who uses the session with that fingerprint. */
  session: (fingerprint: string) => `telegram:session:${fingerprint}`,
  /** String with a TTL: the service's last sign of life. */
  heartbeat: (service: string, instance: string) => `heartbeat:${service}:${instance}`,
  /** String with a TTL: this queue's consumer has handled this event. */
  handled: (queue: string, eventId: string) => `handled:${queue}:${eventId}`,
  /** Hash: peer id → what is needed to address it, for one account. */
  peers: (account: number) => `telegram:peers:${account}`,
  /** Hash: scope → the wait that Telegram imposed on the account there, and how fast it is since (`AllowanceState` as JSON). */
  pace: (account: number) => `telegram:pace:${account}`,
  /** String with a TTL: Telegram's alarm that the account writes to too many strangers (JSON). */
  peerFlood: (account: number) => `telegram:peer-flood:${account}`,
  /** String with a TTL: the message id of the command that this message of ours answers. */
  commandOf: (account: number, chatId: number, messageId: number) =>
    `command-of:${account}:${chatId}:${messageId}`,
  /** String with a TTL: an object as Telegram holds it, for one account. */
  document: (account: number, objectKey: string) => `telegram:document:${account}:${objectKey}`,
  /** Hash with a TTL: how far the upload of an object has come that did not come to its end. */
  upload: (account: number, objectKey: string) => `telegram:upload:${account}:${objectKey}`,
  /** String with a TTL: the parts in which an object is sent that is too large for one message. */
  parts: (account: number, objectKey: string) => `telegram:parts:${account}:${objectKey}`,
  /** The interest ledger; see docs/redis-keys.md. */
  ledger: {
    job: (hash: string) => `media:job:${hash}`,
    askers: (hash: string) => `media:askers:${hash}`,
    /** `account:chat:message` of a command → the hash it waits for. */
    interest: (command: string) => `media:interest:${command}`,
    waiting: 'media:waiting',
    leases: 'media:leases',
    /** The leases of jobs that were handed on. */
    handedOn: 'media:handed-on',
    host: (host: string) => `media:host:${host}`,
    /** The last fencing token, and the last place in the line. */
    counter: 'media:counter',
    same: (hash: string) => `media:same:${hash}`,
    identity: (identity: string) => `media:identity:${identity}`,
  },
  /** Pub/sub channel: a hash whose job has changed. */
  ledgerChanged: 'media:changed',
  /** quartermaster's BullMQ queue; its keys begin with `<prefix>:<queue>:`. */
  jobs: { prefix: 'quartermaster', queue: 'jobs' },
  /** Set with a TTL: the jobs that somebody was the first to ask for, by hash. */
  jobsOf: ({ account, userId }: { account: number; userId: number }) =>
    `quartermaster:asked:${account}:${userId}`,
  /** Sorted set: object key → Unix milliseconds at which it was last asked for. */
  askedAt: 'media:asked:at',
  /** Sorted set: object key → how often it was asked for. */
  askedCount: 'media:asked:count',
  /** String with a TTL: whoever holds it looks after the store's retention. */
  retentionLease: 'media:retention',
  /** The sender's bots; their streams have names of their own (`botStreams`). */
  bots: {
    /** Hash: bot id → its sealed token and settings, as JSON. */
    registry: 'bots:registry',
    /** Sorted set: replica → Unix milliseconds, Redis' own, until which it counts as alive. */
    replicas: 'bots:replicas',
    /** String with a TTL: the replica that serves the bot, or that reads the control stream. */
    lease: (bot: number | 'control') => `bots:lease:${bot}`,
    /** Hash: an entry of the bot's streams → how far its message had come when it was last on its way, as JSON. */
    attempts: (botId: number) => `bots:attempts:${botId}`,
    /** Hash with a TTL: chat → Unix milliseconds, Redis' own, until which Telegram wants to hear nothing for it; `*` is the bot. */
    waits: (botId: number) => `bots:waits:${botId}`,
    /** String with a TTL: the bot's calls of the last minute, for whoever serves it next, as JSON. */
    pace: (botId: number) => `bots:pace:${botId}`,
    /** String with a TTL: `BotStatus` as JSON. */
    status: (botId: number) => `bots:status:${botId}`,
    /** Hash: a broadcast's settings, state and counts. */
    broadcast: (id: string) => `bots:broadcast:${id}`,
    /** Sorted set: ids of a bot's broadcasts, by Unix milliseconds of their beginning. */
    broadcasts: (botId: number) => `bots:broadcasts:${botId}`,
    /** List: recipients of a broadcast, in order. */
    recipients: (id: string) => `bots:broadcast:${id}:recipients`,
    /** Hash: recipient's place in the list → what became of the message, as JSON. */
    outcomes: (id: string) => `bots:broadcast:${id}:outcomes`,
    /** Hash: recipient's place → its entry in the stream, from when it is put there until its outcome is known. */
    ahead: (id: string) => `bots:broadcast:${id}:ahead`,
    /** Set: recipients of a broadcast that has not been started, so that none gets in twice. */
    known: (id: string) => `bots:broadcast:${id}:known`,
    /** Set: `<bot id>:<id>` of each broadcast that was started and has not ended. */
    unfinishedBroadcasts: 'bots:broadcasts:unfinished',
    /** String with a TTL: what became of a message that came by HTTP, as JSON. */
    messageOutcome: (botId: number, entryId: string) => `bots:outcome:${botId}:${entryId}`,
    /** Hash with a TTL: what a request with an idempotency key was, and what it was answered. */
    idempotency: (hash: string) => `bots:idempotency:${hash}`,
    /** What the names of the HTTP API's counts begin with. Strings with a TTL: requests of a key or an address in this minute. */
    requests: 'bots:requests:',
  },
  /** Hash: the status message and the outcome of one command. */
  answer: (account: number, chatId: number, messageId: number) => `answer:${account}:${chatId}:${messageId}`,
} as const;
