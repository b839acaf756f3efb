import { type MessageInterest, redisKeys } from '@heavy/contracts';
import type { Redis } from 'ioredis';

export interface MessageInterestRegistration {
  /** Has the gateway publish such messages as `events.telegram.message`, durably, from a second later on. */
  register(interest: MessageInterest): Promise<void>;
  /** Says it once more, should Redis have lost it. */
  repeat(): Promise<void>;
}

/** The hash `updates:interests` (service → which messages it wants to see), as far as one service is concerned. */
export const createMessageInterest = (redis: Redis, service: string): MessageInterestRegistration => {
  let registered: MessageInterest | undefined;

  const write = async (): Promise<void> => {
    if (registered !== undefined) await redis.hset(redisKeys.messageInterests, service, registered);
  };

  return {
    register(interest) {
      registered = interest;
      return write();
    },
    repeat: write,
  };
};
