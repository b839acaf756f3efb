import {
  all,
  type Claim,
  canaryUnseen,
  captioned,
  cutOff,
  downloadedOnce,
  inItsTopic,
  playableVideo,
  sameFileAs,
  says,
  sentence,
  sizedAs,
  sound,
  story,
} from './claims.ts';

/** The conversation that `npm run demo -- --once` plays: a line of a script each, with what must come of it. */
export const conversation: { line: string; claim?: Claim }[] = [
  {
    line: 'film-club alice .vdl {site}/big.mp4 &',
    claim: {
      claim: 'a person types .vdl and a link, and gets a playable video',
      holds: captioned('big', '/big.mp4'),
    },
  },
  {
    line: 'cinema/Trailers bob .vdl <{site}/big.mp4?utm_source=chat#t=1>',
    claim: {
      claim:
        'another spelling of it in another chat at the same moment: one download, and one upload to Telegram',
      holds: all(captioned('big'), inItsTopic, downloadedOnce('/big.mp4'), sameFileAs(1)),
    },
  },
  {
    line: 'film-club bob .adl {site}/big.mp4',
    claim: {
      claim: '.adl brings the sound of what is stored as an mp3, and nothing is downloaded for it',
      holds: all(sound('audio/mpeg', 'mp3'), downloadedOnce('/big.mp4')),
    },
  },
  { line: 'film-club carol you have to see this: {site}/watch?v=aaa — it is short' },
  {
    line: 'film-club bob reply:4 .vdl',
    claim: {
      claim: '.vdl as a reply to a message with a link brings the video of that page',
      holds: all(captioned('/watch?v=aaa'), sizedAs(320, 240)),
    },
  },
  {
    line: 'cinema/Trailers alice .dl {site}/hls/ladder.m3u8 360p &',
    claim: {
      claim:
        'of a stream in three heights 360p is asked for, and comes as one video, in the topic that asked',
      holds: all(captioned('/hls/ladder'), sizedAs(640, 360), inItsTopic),
    },
  },
  {
    line: 'cinema/Trailers bob .vdl {site}/film.webm',
    claim: { claim: 'a format that phones do not play comes back as one that they do', holds: playableVideo },
  },
  {
    line: 'film-club carol .vdl {site}/feed.xml',
    claim: {
      claim: 'a link to a playlist is answered with how many entries there are',
      holds: sentence(/playlist of 3 entries/u),
    },
  },
  {
    line: 'film-club carol .vdl {site}/feed.xml #3',
    claim: {
      claim: '… and #3 after the link brings the third',
      holds: all(captioned('/feed.xml'), sizedAs(240, 320)),
    },
  },
  {
    line: 'film-club heavy .adl {site}/song.mp3 opus',
    claim: {
      claim: 'the account itself asks for a song as opus, and gets that',
      holds: sound('audio/ogg', 'opus'),
    },
  },
  {
    line: 'film-club carol .vdl {site}/slow.mp4 &',
    claim: {
      claim: 'what is cancelled says so, and its download is broken off within 2 s',
      holds: all(sentence(/^Cancelled/u), cutOff('/slow.mp4')),
    },
  },
  {
    line: 'private alice .vdl',
    claim: {
      claim: '.vdl without a link gets a plain sentence, here in private',
      holds: sentence(/no link/u),
    },
  },
  {
    line: 'film-club alice .vdl that funny film',
    claim: { claim: '.vdl with what is no link gets a plain sentence', holds: sentence(/not a link/u) },
  },
  {
    line: 'film-club alice .vdl {site}/missing',
    claim: {
      claim: 'a link to nothing (404) gets a plain sentence',
      holds: sentence(/nothing at that link/u),
    },
  },
  {
    line: 'film-club alice .vdl {site}/page.html',
    claim: { claim: 'a page without media gets a plain sentence', holds: sentence(/no video or music/u) },
  },
  {
    line: 'film-club carol reply:11 .cancel',
    claim: { claim: '.cancel as a reply to a command takes it back', holds: sentence(/^Done/u) },
  },
  {
    line: 'film-club alice .vdl {site}/to-canary/redirect',
    claim: {
      claim: 'a link that leads into a private network is refused, and nothing was asked of the server there',
      holds: all(sentence(/private network/u), canaryUnseen),
    },
  },
  {
    line: 'film-club alice answer:14 .why',
    claim: {
      claim: '.why as a reply to a failure tells what happened, step by step',
      holds: story('/missing', 'received from Alice', 'looking at the link', 'answered: not found'),
    },
  },
  {
    line: 'film-club bob .whoami',
    claim: {
      claim: '.whoami tells anybody what they are, and how many requests they have left',
      holds: says(/unmolested/iu, /\d+ of \d+ requests/u),
    },
  },
  {
    line: 'film-club alice .whoami',
    claim: {
      claim: '… and an admin that she is one, without a limit',
      holds: says(/admin/iu, /without a limit/u),
    },
  },
  {
    line: 'film-club bob .smite',
    claim: { claim: 'who is no admin decides nothing', holds: sentence(/only an admin/iu) },
  },
  {
    line: 'film-club alice .hammer @bob 1m',
    claim: {
      claim: '.hammer takes the commands away from somebody, here for a minute',
      holds: says(/bob/iu, /until .*\(1 minute\)/u),
    },
  },
  {
    line: 'film-club bob .vdl {site}/clip.mp4',
    claim: { claim: 'what he types now is passed over in silence', holds: null },
  },
  {
    line: 'film-club bob .whoami',
    claim: { claim: '… but for .whoami, which tells him until when', holds: says(/banned/iu, /until /u) },
  },
  {
    line: 'film-club alice .pardon @bob',
    claim: { claim: '.pardon lifts it', holds: says(/no longer banned/u) },
  },
  {
    line: 'film-club bob .vdl it again',
    claim: { claim: 'and what he types is answered again, here in words', holds: sentence(/not a link/u) },
  },
  {
    line: 'film-club alice .vdl {site}/padded.mp4?mb=24',
    claim: {
      claim: 'a file that is too large for media-pirate is handed on, and comes all the same',
      holds: captioned('padded'),
    },
  },
];
