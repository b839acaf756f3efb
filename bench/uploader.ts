/**
 * A process that uploads a file, or sends messages, and prints how long that took and what it took of memory at its highest:
 * with our account, or with the bare GramJS client.
 */
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { createAccount } from '@heavy/telegram';
import { CustomFile } from 'telegram/client/uploads.js';
import { type BareSettings, bareClient } from './bare-gateway.ts';

/** As JSON in the first argument. */
export interface UploaderSettings extends Omit<BareSettings, 'rabbitmqUrl'> {
  who: 'ours' | 'bare';
  /** Uploads this file, or else sends so many messages. */
  file?: string;
  messages?: number;
  chatId: number;
  /** Of ours: parts under way at once; its default where left out. */
  workers?: number;
}

/** As JSON on stdout. */
export interface UploaderResult {
  ms: number;
  peakMb: number;
}

/** Parts of a file that the bare client has under way at once; what it is commonly used with. */
const bareWorkers = 4;
const messagesAtOnce = 32;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

interface Client {
  upload: (path: string) => Promise<unknown>;
  send: (number: number) => Promise<unknown>;
  close: () => Promise<unknown>;
}

const ours = async ({
  session,
  host,
  port,
  publicKeyPem,
  chatId,
  workers,
}: UploaderSettings): Promise<Client> => {
  const account = createAccount({
    ...{ session, apiId: 1, apiHash: 'hash', log: silent },
    endpoint: { host, port, publicKeyPem },
    ...(workers === undefined ? {} : { uploadWorkers: workers }),
  });
  await account.connect();
  return {
    upload: async (path) => {
      const { size: sizeBytes } = await stat(path);
      const file = await open(path);
      await account.upload({
        name: basename(path),
        sizeBytes,
        read: async ({ start, end }) => {
          const bytes = Buffer.allocUnsafeSlow(end - start);
          await file.read(bytes, 0, bytes.length, start);
          return bytes;
        },
      });
      await file.close();
    },
    send: (number) => account.sendText({ chatId, text: `message ${number}`, randomId: BigInt(number + 1) }),
    close: () => account.close(),
  };
};

const bare = async (settings: UploaderSettings): Promise<Client> => {
  const client = await bareClient(settings);
  await client.getDialogs({});
  return {
    upload: async (path) => {
      const { size } = await stat(path);
      await client.uploadFile({ file: new CustomFile(basename(path), size, path), workers: bareWorkers });
    },
    send: (number) => client.sendMessage(settings.chatId, { message: `message ${number}` }),
    close: () => client.destroy(),
  };
};

const sendAll = async (count: number, send: Client['send']): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await send(next);
    }
  };
  await Promise.all(Array.from({ length: messagesAtOnce }, worker));
};

const settings = JSON.parse(process.argv[2] ?? '') as UploaderSettings;
const client = await (settings.who === 'ours' ? ours : bare)(settings);
const startedAt = performance.now();
if (settings.file === undefined) await sendAll(settings.messages ?? 0, client.send);
else await client.upload(settings.file);
const result: UploaderResult = {
  ms: performance.now() - startedAt,
  peakMb: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
await client.close();
process.exit(0);
