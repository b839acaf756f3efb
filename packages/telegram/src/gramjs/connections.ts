import { Api } from 'telegram';
import type { AccountState } from '../account.ts';
import { type AuthLost, NotConnected } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { initial } from './initial.ts';
import { Link, LinkBroken } from './link.ts';
import { trustServerKey } from './server-key.ts';
import { type LoadedSession, loadSession } from './session.ts';
import { SteadyConnection, type SteadyConnectionOptions } from './steady-connection.ts';

interface ConnectionsOptions {
  session: string;
  apiId: number;
  endpoint?: { host: string; port: number; publicKeyPem: string };
  callTimeoutMs: number;
  silenceMs: number;
  fence?: () => void;
  log: Logger;
  onUpdate: (update: Api.TypeUpdates) => void;
  /** The account's own user, and the state of its updates: on each new link, before any call. */
  onGreeted: (self: Api.User, state: Api.updates.State) => void;
  onState: (state: AccountState) => void;
}

export type Call = <R extends Api.AnyRequest>(request: R) => Promise<R['__response']>;

/** Telegram listens on this port with every transport. */
const telegramPort = 443;
const connectTimeoutMs = 10_000;
/** How often Telegram is asked whether it still accepts a session on which nothing happens: it says so only when it is asked. */
const acceptedEveryMs = 60_000;

/**
 * The connections of one session: one for everything, and while files go up a second one with the same key, so that a
 * message never waits behind half a megabyte.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  #state: AccountState = 'disconnected';
  #session: LoadedSession | undefined;
  #main: SteadyConnection | undefined;
  #uploading: SteadyConnection | undefined;
  #uploads = 0;
  #asking: NodeJS.Timeout | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get state(): AccountState {
    return this.#state;
  }

  get dataCentre(): number | undefined {
    return this.#session?.dcId;
  }

  /** Resolves when the main connection is up. @throws {AuthLost} */
  async connect(signal: AbortSignal): Promise<void> {
    if (!this.#main) {
      const { endpoint, session, callTimeoutMs } = this.#options;
      if (endpoint) trustServerKey(endpoint.publicKeyPem);
      this.#setState('connecting');
      try {
        this.#session = await loadSession(session);
      } catch (error) {
        this.#setState('auth_lost');
        throw error;
      }
      this.#main = this.#connection({
        callTimeoutMs,
        greet: (link) => this.#greet(link),
        onUp: () => {
          this.#options.log.info({ dataCentre: this.dataCentre }, 'Connected to Telegram');
          this.#setState('connected');
        },
        onDown: () => this.#setState('connecting'),
      });
      this.#main.start();
      // Whatever comes of it: a refusal ends the connection, and without an answer it is asked again.
      this.#asking = setInterval(
        () => void this.call(new Api.updates.GetState()).catch(() => undefined),
        acceptedEveryMs,
      );
    }
    await this.#main.ready(signal);
  }

  readonly call: Call = (request) =>
    this.#main ? this.#main.call(request) : Promise.reject(new NotConnected(request.className));

  /** Runs `work` with a call that goes over the upload connection, which lives as long as there is such work. */
  async uploading<T>(work: (call: Call) => Promise<T>): Promise<T> {
    if (!this.#main) throw new NotConnected('upload');
    this.#uploads++;
    this.#uploading ??= this.#startUploading();
    const connection = this.#uploading;
    try {
      return await work((request) => connection.call(request));
    } finally {
      if (--this.#uploads === 0) {
        connection.close();
        this.#uploading = undefined;
      }
    }
  }

  close(): void {
    clearInterval(this.#asking);
    this.#uploading?.close();
    this.#main?.close();
    if (this.#state !== 'auth_lost') this.#setState('disconnected');
  }

  #startUploading(): SteadyConnection {
    const connection = this.#connection({
      // A part takes long on a thin line, and four share it.
      callTimeoutMs: 4 * this.#options.callTimeoutMs,
      // The key has its layer from the main connection. A ping fetches the salt before half a megabyte is refused for it.
      greet: (link) => link.probe(),
    });
    connection.start();
    return connection;
  }

  #connection(
    own: Pick<SteadyConnectionOptions, 'callTimeoutMs' | 'greet'> &
      Partial<Pick<SteadyConnectionOptions, 'onUp' | 'onDown'>>,
  ): SteadyConnection {
    const pongTimeoutMs = this.#options.callTimeoutMs / 3;
    const { fence } = this.#options;
    return new SteadyConnection({
      ...own,
      ...(fence && { fence }),
      open: () => this.#open(pongTimeoutMs),
      probeAfterMs: pongTimeoutMs,
      onLost: (error) => this.#lose(error),
      log: this.#options.log,
    });
  }

  #open(pongTimeoutMs: number): Promise<Link> {
    const { endpoint, silenceMs, onUpdate, log } = this.#options;
    if (!this.#session) throw new LinkBroken('no session');
    const { dcId, authKey, host } = this.#session;
    return Link.open({
      host: endpoint?.host ?? host,
      port: endpoint?.port ?? telegramPort,
      dcId,
      authKey,
      connectTimeoutMs,
      pongTimeoutMs,
      silenceMs,
      onUpdate,
      log,
    });
  }

  /** Tells the server who is calling in which layer, and has it send updates. */
  async #greet(link: Link): Promise<void> {
    const getSelf = new Api.users.GetUsers({ id: [new Api.InputUserSelf()] });
    const users = await link.send(initial(this.#options.apiId, getSelf));
    const [self] = users as unknown as Api.TypeUser[];
    if (!(self instanceof Api.User)) throw new LinkBroken('the server did not say who the account is');
    this.#options.onGreeted(self, await link.send(new Api.updates.GetState()));
  }

  #lose(error: AuthLost): void {
    clearInterval(this.#asking);
    this.#uploading?.lose(error);
    this.#main?.lose(error);
    this.#setState('auth_lost');
  }

  #setState(state: AccountState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState(state);
  }
}
