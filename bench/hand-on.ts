import { randomUUID } from 'node:crypto';
import { deterministicId, largeDownload, type MediaRequest } from '@heavy/contracts';
import type { WorldMessage } from '@heavy/local-telegram';
import { contentHash, createLedger } from '@heavy/media';
import { connectBroker } from '@heavy/messaging';
import type { Stack } from '@heavy/stack';
import { Redis } from 'ioredis';

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

/** Hands downloads on to quartermaster as media-pirate does, for people who typed something; without looking at them first. */
export const createHandingOn = async (stack: Stack) => {
  const redis = new Redis(stack.redis.url);
  const broker = await connectBroker({ url: stack.rabbitmq.url, service: 'bench', log, redis });
  const ledger = createLedger({ redis, holder: 'bench', leaseMs: 60_000, perHost: 1000, log });
  return {
    redis,
    ledger,
    handOn: async (url: string, asked: WorldMessage): Promise<string> => {
      const request: MediaRequest = { url, kind: 'video' };
      const hash = contentHash(request);
      const origin = {
        ...{ account: stack.account.id, chatId: asked.chat.id, messageId: asked.idFor(stack.account) },
        userId: asked.from?.id ?? 0,
      };
      const correlationId = randomUUID();
      const asker = { origin, commandId: randomUUID(), correlationId, traceparent: '', url };
      const { lease } = await ledger.join({ hash, request, asker, lead: true });
      if (!lease) throw new Error(`${url} was asked for before`);
      await broker.publish(
        largeDownload,
        { request, origin, contentHash: hash, reason: 'too_large', probe: {} },
        { correlationId, id: deterministicId(hash, largeDownload.type, lease.place) },
      );
      await lease.handOn();
      return hash;
    },
    close: async (): Promise<void> => {
      await broker.close();
      await ledger.close();
      redis.disconnect();
    },
  };
};
