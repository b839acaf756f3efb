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
  reply: { messageId: 41, text: 'look', entities: [], senderId: 7_000_000_003, senderName: 'Bob' },
};

const { account, chat, message: body, sender } = bareRaw;
const message: DataOf<typeof telegram.telegramMessage> = { account, chat, message: body, sender };

const download: media.DownloadRequest = {
  request: { url: 'https://example.org/watch?v=1', kind: 'video' },
  origin,
  contentHash,
};
const downloadFaults: Examples['invalid'] = [
  ['a URL of another scheme', { ...download, request: { ...download.request, url: 'file:///etc/passwd' } }],
  ['an unknown kind', { ...download, request: { ...download.request, kind: 'hologram' } }],
  ['an unknown quality', { ...download, request: { ...download.request, quality: '721p' } }],
  ['the entry before the first', { ...download, request: { ...download.request, item: 0 } }],
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
    [
      raw,
      bareRaw,
      { ...raw, chat: { id: 7, type: 'private' }, sender: { id: 7 } },
      {
        ...raw,
        auth: {
          ...{ role: 'blessed', by: 'chat', until: '2026-12-21T00:00:00.000Z', mayUse: true },
          ...{ rateLimited: false, requests: { limit: 20, left: 19, resetS: 60 } },
        },
      },
    ],
    [
      ['an unknown role', { ...raw, auth: { role: 'owner', rateLimited: false } }],
      ['a command word with its dot', { ...raw, command: { word: '.vdl' } }],
      ['an id beyond 53 bits', { ...raw, account: 2 ** 60 }],
      ['a time that is none', { ...raw, receivedAt: 'yesterday' }],
      ['an unknown kind of chat', { ...raw, chat: { id: 1, type: 'forum' } }],
      ['no sender', { ...raw, sender: undefined }],
    ],
  ),
  examplesOf(
    telegram.telegramMessage,
    [
      { ...message, message: { ...raw.message, editDate: 1_790_000_060, replyTo: 41, media: 'video' } },
      message,
    ],
    [
      ['no sender', { ...message, sender: undefined }],
      ['an unknown kind of media', { ...message, message: { ...raw.message, media: 'hologram' } }],
    ],
  ),
  examplesOf(
    telegram.telegramReply,
    [
      { origin, text: 'Hello.' },
      { origin, text: '<b>Hello.</b>', format: 'html' },
      { origin: inNoTopic, failure },
      { target: { account: 1, chatId: -5 }, text: 'Hello.' },
      { target: { account: 1, chatId: -5, replyTo: 42, topicId: 7 }, text: 'Hello.' },
    ],
    [
      ['a command and another place at once', { origin, target: { account: 1, chatId: -5 }, text: 'Hello.' }],
      ['no chat', { target: { account: 1 }, text: 'Hello.' }],
      ['a failure of no command', { target: { account: 1, chatId: -5 }, failure }],
      ['text and failure at once', { origin, text: 'Hello.', failure }],
      ['neither text nor failure', { origin }],
      ['an empty text', { origin, text: '' }],
      ['a format that is none', { origin, text: 'Hello.', format: 'rtf' }],
      ['no message to reply to', { origin: inChat, text: 'Hello.' }],
    ],
  ),
  examplesOf(
    telegram.telegramEdit,
    [
      { target, text: 'Edited.' },
      { target, text: '*Edited.*', format: 'markdown' },
    ],
    [
      ['a text beyond all bounds', { target, text: 'x'.repeat(16_385) }],
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
      { origin, kind: 'video', object, media: video, caption: { text: '*A film*', format: 'markdown' } },
    ],
    [
      [
        'a caption beyond all bounds',
        { origin, kind: 'video', object, media: video, caption: { text: 'x'.repeat(16_385) } },
      ],
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
      {
        commandId: 'c0ffee',
        commandType: 'commands.telegram.reply',
        account: 1,
        chatId: -5,
        error: 'CHAT_WRITE_FORBIDDEN',
        messageIds: [7, 8],
      },
    ],
    [['no error', { commandId: 'c0ffee', commandType: 'commands.telegram.reply', account: 1, chatId: -5 }]],
  ),
  examplesOf(
    media.videoDownload,
    [
      download,
      { ...download, origin: inNoTopic },
      { ...download, request: { ...download.request, quality: '720p', item: 3 } },
    ],
    downloadFaults,
  ),
  examplesOf(
    media.audioDownload,
    [{ ...download, request: { ...download.request, kind: 'audio', format: 'opus' } }],
    downloadFaults,
  ),
  examplesOf(
    media.largeDownload,
    [{ ...download, reason: 'too_large', probe: { title: 'A film', sizeBytes: 4e9, durationS: 7200 } }],
    [
      ['no reason', { ...download, probe: {} }],
      ['a negative size', { ...download, reason: 'too_large', probe: { sizeBytes: -1 } }],
    ],
  ),
  examplesOf(
    media.downloadProgress,
    [
      { origin, phase: 'queued', position: 3, waitingFor: 'disk' },
      { origin, phase: 'waiting', retryInS: 90 },
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
