import type { Logger } from '../../src/index.ts';
import type { CreateAccount } from './stage.ts';

// A process that uses an account, closes it, says when, and has to end by itself.
const { module, session, endpoint, chatId } = JSON.parse(process.argv[2] ?? '');
const { createAccount } = (await import(module)) as { createAccount: CreateAccount };
const nothing = () => {};
const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const account = createAccount({ session, endpoint, apiId: 1, apiHash: 'hash', log });
await account.connect();
const sizeBytes = 11 * 1024 * 1024;
const read = async ({ start, end }: { start: number; end: number }) => new Uint8Array(end - start);
const file = await account.upload({ name: 'zeros', sizeBytes, read });
await account.sendMedia({
  chatId,
  file,
  kind: 'document',
  mime: 'application/octet-stream',
  fileName: 'zeros',
  randomId: 1n,
});
await account.close();
process.stdout.write(String(Date.now()));
