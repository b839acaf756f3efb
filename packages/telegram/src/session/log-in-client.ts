import { backoffMs, sleep, untilAborted, within } from '@heavy/timing';
import { Api } from 'telegram';
import type { AuthKey } from 'telegram/crypto/AuthKey.js';
import { NetworkMigrateError, PhoneMigrateError, RPCError, UserMigrateError } from 'telegram/errors/index.js';
import { StringSession } from 'telegram/sessions/index.js';
import { CallTimedOut } from '../errors.ts';
import { toTelegramError } from '../gramjs/errors.ts';
import { initial } from '../gramjs/initial.ts';
import { Link, LinkBroken } from '../gramjs/link.ts';
import { trustServerKey } from '../gramjs/server-key.ts';
import type { Logger } from '../logger.ts';
import { LogInFailed } from './log-in-failed.ts';
import { newAuthKey } from './new-auth-key.ts';

export interface LogInClientOptions {
  apiId: number;
  /** A data centre that is not Telegram's, with its RSA key. */
  endpoint?: { host: string; port: number; publicKeyPem: string } | undefined;
  /** For one call with all its attempts; each step of it has half of that. */
  callTimeoutMs: number;
  signal: AbortSignal;
  log: Logger;
}

interface DataCentre {
  readonly id: number;
  readonly host: string;
}

/** Where a client begins that has been nowhere yet; Telegram sends it on. */
const firstDataCentre: DataCentre = { id: 2, host: '149.154.167.50' };
const telegramPort = 443;
const mostMigrations = 3;
const silenceMs = 75_000;

const isMigration = (error: unknown): error is NetworkMigrateError | PhoneMigrateError | UserMigrateError =>
  error instanceof NetworkMigrateError ||
  error instanceof PhoneMigrateError ||
  error instanceof UserMigrateError;

const isLoginToken = (update: Api.TypeUpdates): boolean => {
  if (update instanceof Api.UpdateShort) return update.update instanceof Api.UpdateLoginToken;
  if (!(update instanceof Api.Updates || update instanceof Api.UpdatesCombined)) return false;
  return update.updates.some((one) => one instanceof Api.UpdateLoginToken);
};

/** A client that is not logged in yet: it makes a key of its own, and goes to the data centre that it is sent to. */
export class LogInClient {
  readonly #options: LogInClientOptions;
  #dataCentre: DataCentre;
  #authKey: AuthKey | undefined;
  #link: Link | undefined;
  #config: Api.Config | undefined;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  #aheadMs = 0;
  #tokenNews = Promise.withResolvers<void>();

  /** `beside` is a client at whose data centre this one begins. */
  constructor(options: LogInClientOptions, beside?: LogInClient) {
    this.#options = options;
    this.#dataCentre = beside ? beside.#dataCentre : firstDataCentre;
    if (options.endpoint) trustServerKey(options.endpoint.publicKeyPem);
  }

  /**
   * Sends a request; over a new connection where one breaks, and to another data centre where the account is kept there.
   * @throws {TelegramError} for what Telegram refuses; {LogInFailed} `UNREACHABLE`.
   */
  async call<R extends Api.AnyRequest>(request: R): Promise<R['__response']> {
    const { signal, callTimeoutMs } = this.#options;
    const deadline = performance.now() + callTimeoutMs;
    let migrations = 0;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        const link = await this.#up();
        return await this.#within(link.send(request), request.className);
      } catch (error) {
        signal.throwIfAborted();
        if (isMigration(error) && migrations++ < mostMigrations) {
          this.moveTo(error.newDc);
          continue;
        }
        if (error instanceof RPCError) throw toTelegramError(error, request.className);
        this.#hangUp();
        if (performance.now() > deadline) throw new LogInFailed('UNREACHABLE', { cause: error });
        await sleep(backoffMs(attempt, { firstMs: 250, maxMs: 5000 }), signal);
      }
    }
  }

  /** From now on calls go to that data centre, with a key that is made there. */
  moveTo(dcId: number): void {
    this.#hangUp();
    const isUsable = ({ id, ipv6, mediaOnly, cdn, tcpoOnly }: Api.TypeDcOption) =>
      id === dcId && !(ipv6 || mediaOnly || cdn || tcpoOnly);
    const host = this.#config?.dcOptions.find(isUsable)?.ipAddress;
    if (host === undefined) throw new LogInFailed(`DC_${dcId}_UNKNOWN`);
    this.#dataCentre = { id: dcId, host };
    this.#authKey = undefined;
  }

  /** Resolves when there may be something new about the login token that was asked for before, or at that time at the latest. */
  async tokenNews(untilServerMs: number): Promise<void> {
    const restMs = untilServerMs - Date.now() - this.#aheadMs;
    const waiting = new AbortController();
    const late = sleep(Math.max(1000, restMs), waiting.signal);
    try {
      await untilAborted(Promise.race([this.#tokenNews.promise, late]), this.#options.signal);
    } finally {
      waiting.abort();
      await late.catch(() => undefined); // it was ended just now
      this.#tokenNews = Promise.withResolvers();
    }
  }

  /** The session as GramJS writes it. Its port is what fits there (15 bits), and used by nobody. */
  get session(): string {
    const session = new StringSession();
    const { id, host } = this.#dataCentre;
    session.setDC(id, this.#options.endpoint?.host ?? host, telegramPort);
    if (this.#authKey) session.setAuthKey(this.#authKey);
    return session.save();
  }

  close(): void {
    this.#hangUp();
  }

  /** Ends whatever the key is logged in to, if that can be done quickly, and closes. */
  async discard(): Promise<void> {
    const link = this.#link;
    if (link && !link.reason)
      await within(link.send(new Api.auth.LogOut()), 2000, () => new CallTimedOut('auth.LogOut')).catch(
        () => undefined, // nobody was logged in, or it stays among the account's devices
      );
    this.close();
  }

  #within<T>(promise: Promise<T>, method: string): Promise<T> {
    const late = () => new CallTimedOut(method);
    return untilAborted(within(promise, this.#stepMs, late), this.#options.signal);
  }

  get #stepMs(): number {
    return this.#options.callTimeoutMs / 2;
  }

  #hangUp(): void {
    this.#link?.break(new LinkBroken('closed'));
    this.#link = undefined;
  }

  async #up(): Promise<Link> {
    if (this.#link && !this.#link.reason) return this.#link;
    const { endpoint, signal, log } = this.#options;
    const { id: dcId } = this.#dataCentre;
    const { host, port } = endpoint ?? { host: this.#dataCentre.host, port: telegramPort };
    const timeoutMs = this.#stepMs;
    const authKey = this.#authKey ?? (await newAuthKey({ host, port, dcId, timeoutMs, signal, log }));
    this.#authKey = authKey;
    const link = await Link.open({
      ...{ host, port, dcId, authKey, silenceMs, log },
      connectTimeoutMs: timeoutMs,
      pongTimeoutMs: timeoutMs,
      onUpdate: (update) => {
        if (isLoginToken(update)) this.#tokenNews.resolve();
      },
    });
    this.#link = link;
    // The news may have been on the link that broke.
    void link.broken.then(() => this.#tokenNews.resolve());
    const config = await this.#within(
      link.send(initial(this.#options.apiId, new Api.help.GetConfig())),
      'help.GetConfig',
    );
    this.#config = config as unknown as Api.Config;
    this.#aheadMs = this.#config.date * 1000 - Date.now();
    return link;
  }
}
