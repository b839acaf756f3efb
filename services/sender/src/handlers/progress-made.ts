import { downloadProgress } from '@heavy/contracts';
import { handle } from '@heavy/messaging';
import { commandKey } from '../outcome.ts';
import type { Status } from '../status.ts';

/** A step that was published longer ago than this says nothing true any more. */
const staleMs = 15_000;

/** Brings the status message of a command up to date, unless the command has ended. */
export const progressMade = ({
  status,
  inOrder,
}: {
  status: Status;
  inOrder: <T>(key: string, task: () => Promise<T>) => Promise<T>;
}) =>
  handle(downloadProgress, ({ data: { origin, ...step }, time }) =>
    inOrder(commandKey(origin), async () => {
      // After the wait for its turn: where Telegram is slow to answer, steps pile up and the outcome waits behind them.
      if (Date.now() - Date.parse(time) > staleMs) return;
      await status.show(origin, step);
    }),
  );
