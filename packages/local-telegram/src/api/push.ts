import { setTimeout as delay } from 'node:timers/promises';
import type { Faults, PushFault } from '../faults.ts';
import type { AuthKey, AuthKeys } from '../session/auth-keys.ts';
import { Api, long, present, type TlObject } from '../tl.ts';
import { View } from '../view/view.ts';
import { now } from '../world/box.ts';
import type { Cause, CausedDelivery, Delivery } from '../world/chat.ts';
import { Group, PrivateChat } from '../world/chats.ts';
import type { WorldUser } from '../world/user.ts';
import type { World } from '../world/world.ts';

/** How updates are pushed; it may be changed at any time. */
export interface PushSettings {
  /** Numbers the containers of each client (`seq`), so that a lost one is noticed by the next. */
  numbered: boolean;
}

/**
 * A new text of a private chat or basic group in the short form, without users and chats: Telegram sends it to a client that knows
 * them already. Null where the long form must do.
 */
const shortUpdate = (view: View, { chat, change }: Delivery): Api.TypeUpdates | null => {
  if (change.kind !== 'new' || !(chat instanceof PrivateChat || chat instanceof Group)) return null;
  const { message, pts, ptsCount } = change;
  if (message.media || message.service || message.keyboard) return null;
  const { id, out, date, mentioned, replyTo, entities } = view.message(message);
  if (!view.mentionsOnlyKnown) return null;
  const common = present({
    id,
    out,
    date,
    mentioned,
    replyTo,
    entities,
    message: message.text,
    pts,
    ptsCount,
  });
  if (chat instanceof Group) {
    const { userId: fromId } = view.peerUser(message.from);
    const { id: chatId } = view.chat(chat);
    return new Api.UpdateShortChatMessage({ ...common, fromId, chatId });
  }
  return new Api.UpdateShortMessage({ ...common, userId: view.peerUser(chat.partnerOf(view.viewer)).userId });
};

const longUpdate = (view: View, deliveries: readonly Delivery[], seq: number): Api.Updates => {
  const updates = deliveries.map((delivery) => view.update(delivery));
  return new Api.Updates({ updates, ...view.mentioned(), date: now(), seq });
};

/** The sessions of one client that an update goes to; a session that lost its connection keeps it for a client that resumes it. */
const targets = ({ sessions }: AuthKey, causing: readonly Cause['session'][] = []) => {
  const listening = [...sessions.values()].filter((session) => session.wantsUpdates && !session.mediaOnly);
  const connected = listening.filter((session) => session.connected);
  const told = connected.length > 0 ? connected : listening.slice(-1);
  return told.filter((session) => !causing.includes(session));
};

/** Tells all listening sessions of one client. */
export const pushToClient = (authKey: AuthKey, update: Api.TypeUpdate): void => {
  const pushed = new Api.UpdateShort({ update, date: now() });
  for (const session of targets(authKey)) session.push(pushed);
};

/** Sends in the order, at the time and as often as the faults have it. */
class Courier {
  #closed: AbortSignal;
  #held = new Map<AuthKey, (() => void)[]>();

  constructor(closed: AbortSignal) {
    this.#closed = closed;
  }

  carry(client: AuthKey, send: () => void, fault: Exclude<PushFault, 'lose'> | undefined): void {
    const held = this.#held.get(client) ?? [];
    if (fault === 'swap') {
      this.#held.set(client, [...held, send]);
      return;
    }
    if (typeof fault === 'object') {
      void delay(fault.delayMs, undefined, { signal: this.#closed }).then(send, () => undefined);
      return;
    }
    send();
    if (fault === 'twice') send();
    this.#held.delete(client);
    for (const sendHeld of held) sendHeld();
  }
}

interface PushOptions {
  readonly world: World;
  readonly authKeys: AuthKeys;
  readonly faults: Faults;
  readonly settings: PushSettings;
}

/** Pushes every change of the world to the clients that it concerns, save the session that caused it. */
export const pushChanges = ({ world, authKeys, faults, settings }: PushOptions): void => {
  const courier = new Courier(world.closed);

  const render = (receiver: WorldUser, authKey: AuthKey, deliveries: readonly Delivery[]): TlObject => {
    const view = () => new View(world, receiver, authKey.knownUsers);
    const [only, ...others] = deliveries;
    const short = only && others.length === 0 && shortUpdate(view(), only);
    return short || longUpdate(view(), deliveries, settings.numbered ? ++authKey.seq : 0);
  };

  const pushTo = (receiver: WorldUser, deliveries: readonly CausedDelivery[]): void => {
    const causing = deliveries.flatMap(({ cause }) => cause.session ?? []);
    const clients = authKeys.of(receiver.id).filter((authKey) => targets(authKey, causing).length > 0);
    if (clients.length === 0) return;
    let fault: Exclude<PushFault, 'lose'> | undefined;
    const kept = deliveries.filter(({ cause }) => {
      const taken = faults.takePush(cause.method, cause.request as TlObject | undefined, receiver);
      if (taken !== 'lose') fault = taken ?? fault;
      return taken !== 'lose';
    });
    for (const authKey of clients) {
      if (kept.length === 0) {
        // The number of what is lost is missing afterwards.
        if (settings.numbered) authKey.seq++;
        continue;
      }
      const update = render(receiver, authKey, kept);
      const send = () => {
        for (const session of targets(authKey, causing)) session.push(update);
      };
      courier.carry(authKey, send, fault);
    }
  };

  world.onDelivery((deliveries) => {
    const byReceiver = new Map<WorldUser, CausedDelivery[]>();
    for (const delivery of deliveries)
      for (const receiver of delivery.audience) {
        if (!authKeys.has(receiver.id)) continue;
        const known = byReceiver.get(receiver);
        if (known) known.push(delivery);
        else byReceiver.set(receiver, [delivery]);
      }
    for (const [receiver, concerning] of byReceiver) pushTo(receiver, concerning);
  });
  world.onRenamed((user) => {
    const update = new Api.UpdateUserName({
      userId: long(user.id),
      firstName: user.firstName,
      lastName: '',
      usernames:
        user.username === null
          ? []
          : [new Api.Username({ editable: true, active: true, username: user.username })],
    });
    for (const authKey of authKeys.knowing(user.id)) pushToClient(authKey, update);
  });
};
