import type { Contract, DataOf } from './envelope.ts';
import * as media from './media.ts';
import * as telegram from './telegram.ts';

/** What an event carries, and what it may not. */
export interface Examples<C extends Contract = Contract> {
  readonly contract: C;
  readonly valid: readonly DataOf<C>[];
  /** Each with the one thing that is wrong with it. */
  readonly invalid: readonly (readonly [fault: string, data: unknown])[];
}

const examplesOf = <C extends Contract>(
  contract: C,
  valid: readonly DataOf<C>[],
  invalid: Examples['invalid'],
): Examples => ({ contract, valid, invalid });

const inChat = { account: 7_000_000_001, chatId: -1_001_234_567_890, userId: 7_000_000_002 };
const inNoTopic: telegram.Origin = { ...inChat, messageId: 42 };
const origin: telegram.Origin = { ...inNoTopic, topicId: 7 };

const target = { account: origin.account, chatId: origin.chatId, messageId: 43 };
const contentHash = 'a1'.repeat(32);
const object: telegram.StoredObject = {
  key: `video/${contentHash}.mp4`,
  sizeBytes: 10_485_760,
  type: 'video/mp4',
};
const thumbnail: telegram.StoredObject = {
  key: `thumb/${contentHash}.jpg`,
  sizeBytes: 20_480,
  type: 'image/jpeg',
};
const video: telegram.Media = {
  title: 'Ёлки — 100 % «live»',
  performer: 'Somebody',
  durationS: 61.5,
  width: 1280,
  height: 720,
  thumbnail,
  sourceUrl: 'https://example.org/watch?v=1',
};
const audio: telegram.Media = { title: 'A song', durationS: 180, sourceUrl: 'https://example.org/song' };
const song: telegram.StoredObject = { ...object, key: `audio/${contentHash}.mp3`, type: 'audio/mpeg' };
const failure = { code: 'not_found', context: { subject: 'example.org' } } as const;

const bareRaw: DataOf<typeof telegram.telegramRaw> = {
  account: origin.account,
  chat: { id: origin.chatId, type: 'supergroup', title: 'Friends' },
  message: {
    id: origin.messageId,
    text: '.vdl https://example.org/watch?v=1',
    entities: [{ type: 'url', offset: 5, length: 29 }],
    date: 1_790_000_000,
    topicId: 7,
    outgoing: false,
  },
  sender: { id: origin.userId, name: 'Alice', username: 'alice' },
  command: { word: 'vdl' },
  auth: { role: 'admin', rateLimited: false },
  receivedAt: '2026-11-21T00:00:00.000Z',
  dispatchMs: 1.5,
};
const raw: typeof bareRaw = {
  ...bareRaw,
  reply: { messageId: 41, text: 'look', entities: [], senderId: 7_000_000_003 },
};

const download: media.DownloadRequest = {
  request: { url: 'https://example.org/watch?v=1', kind: 'video' },
  origin,
  contentHash,
};
const downloadFaults: Examples['invalid'] = [
  ['a URL of another scheme', { ...download, request: { ...download.request, url: 'file:///etc/passwd' } }],
  ['an unknown kind', { ...download, request: { ...download.request, kind: 'hologram' } }],
  ['a hash that is none', { ...download, contentHash: 'abc' }],
  ['no origin', { request: download.request, contentHash }],
  ['a property that nobody knows', { ...download, priority: 1 }],
];

const readyFaults: Examples['invalid'] = [
  ['a key outside the store', { origin, object: { ...object, key: '../../etc/passwd' }, media: video }],
  ['an empty object', { origin, object: { ...object, sizeBytes: 0 }, media: video }],
  ['a negative duration', { origin, object, media: { ...video, durationS: -1 } }],
  ['no media', { origin, object }],
];

const failedFaults: Examples['invalid'] = [
  ['a code that is none', { origin, failure: { code: 'bad_luck', context: {} } }],
  ['prose in place of a code', { origin, failure: 'The page is gone.' }],
  ['no context', { origin, failure: { code: 'internal' } }],
];

/** Valid and invalid data of every event and command; tests check them, and docs quote them. */
export const examples: readonly Examples[] = [
  examplesOf(
    telegram.telegramRaw,
    [raw, bareRaw, { ...raw, chat: { id: 7, type: 'private' }, sender: { id: 7 } }],
    [
      ['a command word with its dot', { ...raw, command: { word: '.vdl' } }],
      ['an id beyond 53 bits', { ...raw, account: 2 ** 60 }],
      ['a time that is none', { ...raw, receivedAt: 'yesterday' }],
      ['an unknown kind of chat', { ...raw, chat: { id: 1, type: 'forum' } }],
      ['no sender', { ...raw, sender: undefined }],
    ],
  ),
  examplesOf(
    telegram.telegramReply,
    [
      { origin, text: 'Hello.' },
      { origin: inNoTopic, failure },
    ],
    [
      ['text and failure at once', { origin, text: 'Hello.', failure }],
      ['neither text nor failure', { origin }],
      ['an empty text', { origin, text: '' }],
      ['no message to reply to', { origin: inChat, text: 'Hello.' }],
    ],
  ),
  examplesOf(
    telegram.telegramEdit,
    [{ target, text: 'Edited.' }],
    [
      ['a text longer than a message', { target, text: 'x'.repeat(4097) }],
      ['no target', { text: 'Edited.' }],
    ],
  ),
  examplesOf(
    telegram.telegramDelete,
    [{ account: 1, chatId: -5, messageIds: [1, 2] }],
    [
      ['no messages', { account: 1, chatId: -5, messageIds: [] }],
      [
        'more than Telegram takes',
        { account: 1, chatId: -5, messageIds: Array.from({ length: 101 }, () => 1) },
      ],
    ],
  ),
  examplesOf(
    telegram.telegramReact,
    [
      { target, emoji: '\u{1f44d}' },
      { target, emoji: null },
    ],
    [['no emoji', { target, emoji: '' }]],
  ),
  examplesOf(
    telegram.telegramSendMedia,
    [
      { origin, kind: 'video', object, media: video },
      { origin: inNoTopic, kind: 'audio', object: song, media: audio },
    ],
    [
      ['an unknown kind', { origin, kind: 'sticker', object, media: video }],
      ['a type that is none', { origin, kind: 'video', object: { ...object, type: 'mp4' }, media: video }],
    ],
  ),
  examplesOf(
    telegram.telegramSent,
    [
      {
        commandId: 'c0ffee',
        commandType: 'commands.telegram.reply',
        account: 1,
        chatId: -5,
        messageIds: [44],
      },
    ],
    [
      [
        'no message ids',
        { commandId: 'c0ffee', commandType: 'commands.telegram.reply', account: 1, chatId: -5 },
      ],
    ],
  ),
  examplesOf(
    telegram.telegramSendFailed,
    [
      {
        commandId: 'c0ffee',
        commandType: 'commands.telegram.reply',
        account: 1,
        chatId: -5,
        error: 'CHAT_WRITE_FORBIDDEN',
      },
    ],
    [['no error', { commandId: 'c0ffee', commandType: 'commands.telegram.reply', account: 1, chatId: -5 }]],
  ),
  examplesOf(media.videoDownload, [download, { ...download, origin: inNoTopic }], downloadFaults),
  examplesOf(
    media.audioDownload,
    [{ ...download, request: { ...download.request, kind: 'audio' } }],
    downloadFaults,
  ),
  examplesOf(
    media.downloadProgress,
    [
      { origin, phase: 'queued' },
      { origin, phase: 'downloading', bytes: 10, totalBytes: 100, bytesPerSecond: 5.5, etaS: 18 },
    ],
    [
      ['an unknown phase', { origin, phase: 'thinking' }],
      ['a negative count', { origin, phase: 'downloading', bytes: -1 }],
    ],
  ),
  examplesOf(media.videoReady, [{ origin, object, media: video }], readyFaults),
  examplesOf(media.audioReady, [{ origin, object: song, media: audio }], readyFaults),
  examplesOf(media.videoFailed, [{ origin, failure }], failedFaults),
  examplesOf(
    media.audioFailed,
    [{ origin, failure: { code: 'too_long', context: { limit: 3600 } } }],
    failedFaults,
  ),
];
