import { setTimeout as delay } from 'node:timers/promises';
import type { Fault, Faults } from '../faults.ts';
import { RpcError } from '../rpc-error.ts';
import type { IncomingCall } from '../session/mtproto-server.ts';
import type { Session } from '../session/session.ts';
import { Api, type TlObject, type TlValue } from '../tl.ts';
import { Call, type DataCentre, type Methods } from './call.ts';
import { type Overlap, whenOverlapping } from './overlaps.ts';

/** One call that a client made, in the order of arrival. */
export interface CallRecord {
  /** As `messages.SendMessage`. */
  readonly method: string;
  /** Unix time in milliseconds. */
  readonly at: number;
  /** The username of the account, where one is logged in. */
  readonly account: string | undefined;
  /** Of the MTProto session, in decimal. */
  readonly sessionId: string;
  /** What it was refused with. */
  error?: string;
}

/** What can be asked before anybody is logged in. */
const open = /^(auth\.|help\.|account\.GetPassword$)/;

type AnyMethod = (request: TlObject, call: Call) => TlValue | Promise<TlValue>;

interface Unwrapped {
  readonly request: TlObject;
  readonly initialises: boolean;
  readonly withUpdates: boolean;
}

/** Takes `invokeWithLayer`, `initConnection` and the like off a request. */
const unwrap = async (wrapped: TlObject): Promise<Unwrapped> => {
  let request = wrapped;
  let initialises = false;
  let withUpdates = true;
  for (;;) {
    if (request instanceof Api.InitConnection) initialises = true;
    else if (request instanceof Api.InvokeWithoutUpdates) withUpdates = false;
    else if (!(request instanceof Api.InvokeWithLayer || request instanceof Api.InvokeAfterMsg))
      return { request, initialises, withUpdates };
    // The library declares the inner request as a type parameter, and reads a packed one as a promise.
    request = (await request.query) as TlObject;
  }
};

/** Which sessions get updates: those that are used for more than files and server settings, as Telegram has it. */
const noteUse = (session: Session, { request, initialises, withUpdates }: Unwrapped): void => {
  if (initialises) session.authKey.initialised = true;
  if (request.className.startsWith('upload.')) session.mediaOnly ||= !session.wantsUpdates;
  else if (withUpdates && (initialises || !request.className.startsWith('help.'))) {
    session.wantsUpdates = true;
    session.mediaOnly = false;
  }
};

/** Runs calls: looks the method up, applies the faults of the day, answers. */
export class Dispatcher {
  /** All calls so far. */
  readonly calls: CallRecord[] = [];
  /** Calls on one of several connections of a client. */
  readonly overlaps: Overlap[] = [];
  #dc: DataCentre;
  #methods: Methods;
  #faults: Faults;
  #onFault: (error: unknown) => void;

  /** `onFault` is told of errors that are this server's own; the client gets `INTERNAL`. */
  constructor(dc: DataCentre, methods: Methods, faults: Faults, onFault: (error: unknown) => void) {
    this.#dc = dc;
    this.#methods = methods;
    this.#faults = faults;
    this.#onFault = onFault;
  }

  async dispatch({ session, messageId, request: wrapped }: IncomingCall): Promise<void> {
    const unwrapped = await unwrap(wrapped);
    noteUse(session, unwrapped);
    const call = new Call(this.#dc, session, unwrapped.request);
    const record: CallRecord = {
      method: call.method,
      at: Date.now(),
      account: call.user?.name,
      sessionId: session.id.toString(),
    };
    this.calls.push(record);
    const { account, at, method } = record;
    whenOverlapping(call, () => this.overlaps.push({ account, at, method }));
    const fault = this.#faults.take(call.method, call.request, call.user);
    try {
      await this.#wait(this.#faults.latencyMs + (fault?.delayMs ?? 0));
      if (fault?.drop === 'before') {
        session.unreceive(messageId);
        session.close();
        return;
      }
      const answer = await this.#run(call, fault);
      if (fault?.swallow) return;
      if (fault?.drop === 'after') session.close();
      session.answer(messageId, answer);
    } catch (error) {
      if (this.#dc.world.closed.aborted) return;
      const known = error instanceof RpcError ? error : new RpcError(500, 'INTERNAL', { cause: error });
      if (known !== error) this.#onFault(error);
      record.error = known.message;
      session.fail(messageId, known.code, known.message);
    }
  }

  async #run(call: Call, fault: Fault | undefined): Promise<TlValue> {
    if (fault?.error) throw new RpcError(...fault.error);
    if (!call.session.authKey.initialised) throw new RpcError(400, 'CONNECTION_NOT_INITED');
    const method = (this.#methods as Record<string, AnyMethod | undefined>)[call.method];
    if (!open.test(call.method)) void call.account;
    if (!method) throw new RpcError(501, 'METHOD_NOT_IMPLEMENTED');
    return method(call.request, call);
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await delay(ms, undefined, { signal: this.#dc.world.closed });
  }
}
