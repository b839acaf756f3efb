import type { WorldEvent, WorldMessage } from '@heavy/local-telegram';
import type { Cast } from './cast.ts';
import type { CorrelationTap } from './correlation-tap.ts';

/** What happened in a chat, as `npm run demo -- --json` prints it. Times in milliseconds since the first line. */
export interface TranscriptLine {
  at_ms: number;
  event: 'new' | 'edit' | 'delete';
  /** `film-club`, or `cinema/Trailers` in a topic. */
  chat: string;
  from: string;
  message_id: number;
  reply_to: number | null;
  text: string;
  media: {
    kind: string;
    mime: string;
    bytes: number;
    duration_s: number | null;
    width: number | null;
    height: number | null;
    streamable: boolean;
    sha256: string;
  } | null;
  correlation_id: string | null;
  /** From the command that this answers; 0 for the command itself. */
  since_command_ms: number | null;
}

const mediaOf = async ({ media }: WorldMessage): Promise<TranscriptLine['media']> =>
  media
    ? {
        kind: media.kind,
        mime: media.mime,
        bytes: media.sizeBytes,
        duration_s: media.durationS ?? null,
        width: media.width ?? null,
        height: media.height ?? null,
        streamable: media.streamable ?? false,
        sha256: await media.sha256(),
      }
    : null;

/** Writes down what happens in the chats, in order. `isCommand` says which messages are commands. */
export const createTranscript = (
  {
    cast,
    tap,
    isCommand,
  }: { cast: Cast; tap: CorrelationTap; isCommand: (message: WorldMessage) => boolean },
  print: (line: TranscriptLine) => void,
) => {
  const typedAt = new Map<number, number>();
  let startedAt: number | undefined;
  let written = Promise.resolve();

  /** An answer has its own id once the sender has reported it; a status message has that of its command. */
  const correlationOf = async (
    message: WorldMessage,
    command: WorldMessage | undefined,
  ): Promise<string | null> => {
    if (!command) return null;
    const ids = cast.idOf(message);
    const own = await tap.of(cast.chatIdOf(message.chat), ids, message === command ? 10_000 : 50);
    return own ?? tap.of(cast.chatIdOf(message.chat), cast.idOf(command), 1000);
  };

  const record = ({ type, message, at }: WorldEvent): void => {
    startedAt ??= at;
    const answered = message.replyTo && isCommand(message.replyTo) && message.from === cast.account;
    const command = isCommand(message) ? message : answered ? message.replyTo : undefined;
    if (command === message && type === 'new') typedAt.set(message.uid, at);
    const since = command ? at - (typedAt.get(command.uid) ?? at) : null;
    // What may change before the line is printed is taken now.
    const line = {
      at_ms: at - startedAt,
      event: type,
      chat: cast.tokenOf(message),
      from: message.from.name,
      message_id: cast.idOf(message),
      reply_to: message.replyTo ? cast.idOf(message.replyTo) : null,
      text: message.text,
    };
    written = written.then(async () =>
      print({
        ...line,
        media: type === 'delete' ? null : await mediaOf(message),
        correlation_id: await correlationOf(message, command),
        since_command_ms: since,
      }),
    );
  };

  return { record, flushed: () => written };
};

const amount = (bytes: number) =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

const mediaText = (media: NonNullable<TranscriptLine['media']>): string =>
  [
    media.kind,
    media.width && media.height ? `${media.width}×${media.height}` : '',
    media.duration_s === null ? '' : `${Math.round(media.duration_s * 10) / 10} s`,
    amount(media.bytes),
    media.mime,
    media.streamable ? 'streamable' : '',
  ]
    .filter(Boolean)
    .join(', ');

/** One line of the transcript as a person reads it. */
export const readable = (line: TranscriptLine): string => {
  const at = `${(line.at_ms / 1000).toFixed(1).padStart(6)} s  ${line.chat.padEnd(16)} ${line.from.padEnd(5)}`;
  const to = line.reply_to === null ? '' : ` ↩ ${line.reply_to}`;
  const what = line.media
    ? `[${mediaText(line.media)}] ${line.text.replaceAll('\n', ' | ')}`
    : line.text.replaceAll('\n', `\n${' '.repeat(at.length + 1)}`);
  if (line.event === 'delete') return `${at} deletes ${line.message_id}`;
  if (line.event === 'edit') return `${at} edits ${line.message_id}: ${what}`;
  return `${at} (${line.message_id}${to}): ${what}`;
};
