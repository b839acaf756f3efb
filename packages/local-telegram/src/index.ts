export type { Limits } from './api/call.ts';
export type { CallRecord } from './api/dispatch.ts';
export type { Overlap } from './api/overlaps.ts';
export type { PushSettings } from './api/push.ts';
export { type BotApi, type BotApiOptions, startBotApi } from './bot-api/bot-api.ts';
export type { BotApiFault, BotApiFaults } from './bot-api/faults.ts';
export type { BotApiCall } from './bot-api/handler.ts';
export type { Allowance, BotApiLimits } from './bot-api/limits.ts';
export type { Params as BotApiParams } from './bot-api/params.ts';
export type { Fault, Faults, PushFault } from './faults.ts';
export {
  type Endpoint,
  type LocalTelegram,
  type LocalTelegramOptions,
  startLocalTelegram,
} from './local-telegram.ts';
export type { LoggedOut } from './session/auth-keys.ts';
export type { ChatType, WorldChat } from './world/chat.ts';
export type { Group, PrivateChat, Supergroup } from './world/chats.ts';
export type { EntityType, WorldEntity } from './world/entities.ts';
export type { AcceptedPart } from './world/files.ts';
export type { InlineButton, InlineKeyboard } from './world/keyboard.ts';
export type { MediaKind, WorldMedia, WorldThumbnail } from './world/media.ts';
export type { Reaction, Topic, WorldMessage } from './world/message.ts';
export type { OutgoingFile, SayOptions, UserOptions, Voice, WorldUser } from './world/user.ts';
export { type Awaited, WaitTimeout } from './world/waiting.ts';
export type { World, WorldEvent } from './world/world.ts';
