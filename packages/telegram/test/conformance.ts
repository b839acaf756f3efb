import { describe } from 'vitest';
import { connectionConformance } from './conformance/connection.ts';
import { filesConformance } from './conformance/files.ts';
import { incomingConformance } from './conformance/incoming.ts';
import { peersConformance } from './conformance/peers.ts';
import { sendingConformance } from './conformance/sending.ts';
import { type CreateAccount, useStage } from './conformance/stage.ts';
import { updatesConformance } from './conformance/updates.ts';
import { updatesAtRandom } from './conformance/updates-at-random.ts';
import { uploadsConformance } from './conformance/uploads.ts';

/**
 * Declares the tests that every driver of `TelegramAccount` passes, each against a local data centre of its own.
 * `module` is where a fresh process finds `createAccount` (the file's URL): whether one ends can only be seen in one.
 */
export const accountConformance = (name: string, createAccount: CreateAccount, module: URL): void => {
  describe(`${name} as a TelegramAccount`, () => {
    const stage = useStage(createAccount);
    connectionConformance(stage, module);
    incomingConformance(stage);
    updatesConformance(stage);
    updatesAtRandom(stage);
    sendingConformance(stage);
    filesConformance(stage);
    uploadsConformance(stage);
    peersConformance(stage);
  });
};
