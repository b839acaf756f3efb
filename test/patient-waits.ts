import { vi } from 'vitest';

/** Vitest's own is one second, which a busy machine needs now and then. A wait ends as soon as it comes true: only a failure takes this long. */
const defaultTimeoutMs = 20_000;

const { waitFor } = vi;
vi.waitFor = (callback, options) =>
  waitFor(
    callback,
    typeof options === 'number' ? options : { ...options, timeout: options?.timeout ?? defaultTimeoutMs },
  );
