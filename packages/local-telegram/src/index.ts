export type { DifferenceLimits } from './api/call.ts';
export type { CallRecord } from './api/dispatch.ts';
export type { Fault, Faults } from './faults.ts';
export {
  type Endpoint,
  type LocalTelegram,
  type LocalTelegramOptions,
  startLocalTelegram,
} from './local-telegram.ts';
export type { ChatType, WorldChat } from './world/chat.ts';
export type { Group, PrivateChat, Supergroup } from './world/chats.ts';
export type { EntityType, WorldEntity } from './world/entities.ts';
export type { MediaKind, WorldMedia, WorldThumbnail } from './world/media.ts';
export type { Reaction, Topic, WorldMessage } from './world/message.ts';
export type { OutgoingFile, SayOptions, UserOptions, Voice, WorldUser } from './world/user.ts';
export { type Awaited, WaitTimeout } from './world/waiting.ts';
export type { World, WorldEvent } from './world/world.ts';
