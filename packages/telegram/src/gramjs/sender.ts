import type { Api, TelegramClient } from 'telegram';
import type { AuthKey } from 'telegram/crypto/AuthKey.js';
import { RPCError } from 'telegram/errors/index.js';
import { MTProtoSender, UpdateConnectionState } from 'telegram/network/index.js';
import { RequestState } from 'telegram/network/RequestState.js';
import type { TLMessage } from 'telegram/tl/core/index.js';
import type { LogBridge } from './log.ts';
import { OutgoingState } from './outgoing-state.ts';
import { Packer } from './packer.ts';
import { release } from './release.ts';

export interface SenderOptions {
  authKey: AuthKey;
  dcId: number;
  onUpdate: (update: Api.TypeUpdates) => void;
  onClosed: () => void;
  /** Transport error -404. */
  onKeyUnknown: () => void;
  log: LogBridge;
}

/** The library's MTProto over one connection, without its reconnecting: a broken link is replaced as a whole. */
export class Sender extends MTProtoSender {
  readonly #options: SenderOptions;

  constructor(options: SenderOptions) {
    const { authKey, dcId, onUpdate, onKeyUnknown, log } = options;
    const onError = async (error: unknown) => log.error(`The link met an error: ${error}`);
    super(authKey, {
      logger: log,
      retries: 1,
      reconnectRetries: 0,
      delay: 0,
      autoReconnect: false,
      connectTimeout: null,
      authKeyCallback: null,
      securityChecks: true,
      dcId,
      isMainSender: true,
      // All that the sender asks of a client.
      client: { _errorHandler: onError } as unknown as TelegramClient,
      updateCallback: (_: unknown, update: Api.TypeUpdates | UpdateConnectionState) => {
        if (!(update instanceof UpdateConnectionState)) onUpdate(update);
        else if (update.state === UpdateConnectionState.broken) onKeyUnknown();
      },
      _exportedSenderPromises: new Map(),
    });
    this.#options = options;
    const state = new OutgoingState(authKey, log);
    // Private in the library's types.
    Object.assign(this, { _state: state, _sendQueue: new Packer(state, log) });
  }

  override async send<R extends Api.AnyRequest>(request: R): Promise<R['__response']> {
    const state = new RequestState(request);
    this.addStateToQueue(state);
    const answer = (await state.promise) as R['__response'];
    // Unanswered it might have to be sent again.
    release(state.data);
    return answer;
  }

  override reconnect(): void {
    this.#options.onClosed();
  }

  /** The library stops at the first message that holds an error, and the calls answered behind it wait for ever. */
  override async _handleContainer(container: TLMessage): Promise<void> {
    for (const message of container.obj.messages) {
      try {
        await this._processMessage(message);
      } catch (error) {
        // An RPCError has reached its caller already.
        if (!(error instanceof RPCError)) this.#options.log.error(`A message could not be read: ${error}`);
      }
    }
  }
}
