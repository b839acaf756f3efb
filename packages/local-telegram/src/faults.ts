import type { TlObject } from './tl.ts';
import type { WorldUser } from './world/user.ts';

/** What goes wrong, and when. */
export interface Fault {
  /** As `messages.SendMedia`; `*` is every method. */
  readonly method: string;
  /** How often; once unless said otherwise. */
  readonly times?: number;
  /** Only calls that it accepts. */
  readonly match?: (request: TlObject) => boolean;
  /** Only calls of that account, by name or as such; of a lost push, only what would go to that account. */
  readonly account?: WorldUser | string;
  /** Refuses the call, as in `[420, 'FLOOD_WAIT_30']`; nothing is applied. */
  readonly error?: readonly [code: number, message: string];
  /** Drops the connection in place of applying the call, or applies it and drops the connection in place of the answer. */
  readonly drop?: 'before' | 'after';
  /** Waits before anything else. */
  readonly delayMs?: number;
  /** Applies the call and never answers. */
  readonly swallow?: true;
  /**
   * Applies the call, and pushes no update of it to one account (each account counts). For what a person does in the world, the
   * method is the one that a client would have called, and `match` never fits.
   */
  readonly losePush?: true;
}

interface Armed extends Fault {
  left: number;
}

/** The faults to come, in the order in which they were added. */
export class Faults {
  /** Added to every call. */
  latencyMs = 0;
  #armed: Armed[] = [];

  add(fault: Fault): void {
    this.#armed.push({ ...fault, left: fault.times ?? 1 });
  }

  /** Forgets all faults and the latency. */
  clear(): void {
    this.#armed = [];
    this.latencyMs = 0;
  }

  /** The fault of this call, which is one fewer then. */
  take(method: string, request: TlObject, account: WorldUser | undefined): Fault | undefined {
    return this.#use((fault) => !fault.losePush && fits(fault, method, request, account));
  }

  /** Whether the push of this call's updates to that account is to be lost. */
  losesPush(method: string, request: TlObject | undefined, receiver: WorldUser): boolean {
    return (
      this.#use((fault) => fault.losePush === true && fits(fault, method, request, receiver)) !== undefined
    );
  }

  #use(accepts: (fault: Armed) => boolean): Fault | undefined {
    const found = this.#armed.find(accepts);
    if (found && --found.left <= 0) this.#armed = this.#armed.filter((fault) => fault !== found);
    return found;
  }
}

const fits = (
  fault: Fault,
  method: string,
  request: TlObject | undefined,
  account: WorldUser | undefined,
): boolean => {
  if (fault.method !== '*' && fault.method !== method) return false;
  const wanted = fault.account;
  if (wanted !== undefined && account?.name !== (typeof wanted === 'string' ? wanted : wanted.name))
    return false;
  return fault.match === undefined || (request !== undefined && fault.match(request));
};
