import type { TlObject } from './tl.ts';
import type { WorldUser } from './world/user.ts';

/**
 * What becomes of a push: it is lost, comes twice, comes so much later, or comes right after the account's next one. The
 * difference has its updates at once, as it has those of every push.
 */
export type PushFault = 'lose' | 'twice' | 'swap' | { readonly delayMs: number };

/** What goes wrong, and when. */
export interface Fault {
  /** As `messages.SendMedia`; `*` is every method. */
  readonly method: string;
  /** How often; once unless said otherwise. */
  readonly times?: number;
  /** Only calls that it accepts. */
  readonly match?: (request: TlObject) => boolean;
  /** Only calls of that account, by name or as such; of a push, only what would go to that account. */
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
   * Applies the call, and does this to the push of its update to one account (each account counts). For what a person does in the
   * world, the method is the one that a client would have called, and `match` never fits.
   */
  readonly push?: PushFault;
  /** The same as `push: 'lose'`. */
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
    return this.#use((fault) => !pushFaultOf(fault) && fits(fault, method, request, account));
  }

  /** What becomes of the push of this call's update to that account; the fault is one fewer then. */
  takePush(method: string, request: TlObject | undefined, receiver: WorldUser): PushFault | undefined {
    const fault = this.#use((one) => pushFaultOf(one) !== undefined && fits(one, method, request, receiver));
    return fault && pushFaultOf(fault);
  }

  #use(accepts: (fault: Armed) => boolean): Fault | undefined {
    if (this.#armed.length === 0) return undefined;
    const found = this.#armed.find(accepts);
    if (found && --found.left <= 0) this.#armed = this.#armed.filter((fault) => fault !== found);
    return found;
  }
}

const pushFaultOf = ({ push, losePush }: Fault): PushFault | undefined => (losePush ? 'lose' : push);

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
