/** Collects items and hands them on in batches: when a batch is full, or `maxDelayMs` after its first item. */
export interface Batch<T> {
  add(item: T): void;
  /** Hands on what there is, now. */
  flush(): void;
  /** Forgets what there is, and takes nothing more. */
  discard(): void;
}

export interface BatchOptions<T> {
  maxItems: number;
  maxDelayMs: number;
  /** Before a batch that could not be handed on is tried again. */
  retryMs: number;
  /** Where it throws, the items stay, in order, and are tried again together with what has come meanwhile. */
  onBatch: (items: readonly T[]) => void;
  onFault: (error: unknown) => void;
}

export const createBatch = <T>(options: BatchOptions<T>): Batch<T> => {
  const { maxItems, maxDelayMs, retryMs, onBatch, onFault } = options;
  let items: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let failing = false;
  let discarded = false;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    try {
      while (items.length > 0) {
        onBatch(items.slice(0, maxItems));
        items = items.slice(maxItems);
      }
      failing = false;
    } catch (error) {
      failing = true;
      timer = setTimeout(flush, retryMs);
      onFault(error);
    }
  };

  return {
    add(item) {
      if (discarded) return;
      items.push(item);
      if (failing) return;
      if (items.length >= maxItems) flush();
      else timer ??= setTimeout(flush, maxDelayMs);
    },
    flush,
    discard() {
      discarded = true;
      clearTimeout(timer);
      items = [];
    },
  };
};
