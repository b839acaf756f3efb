/**
 * Query parameters that say how a link was shared, and never what it leads to. Measured against the extractors of yt-dlp
 * 2026.10: not one reads any of these. Where a value may still be an identity on some site (`t` is the topic of a
 * phpBB forum, `si` or `feature` may be anything), only values that cannot be one are dropped: two keys for one
 * medium cost a second download, one key for two media answers with the wrong one.
 */
const anyValue = /^/;
/** Share tokens of YouTube (16 characters), Spotify (16, 22) and SoundCloud (32). */
const shareToken = /^[\w-]{16,}$/;
/** A position with its unit: `90s`, `1m30s`, `1h2m`. Bare digits are kept: they may be an id. */
const position = /^(?=\d)(\d+h)?(\d+m)?(\d+s)?$/;

const trackingParameters: ReadonlyMap<string, RegExp> = new Map([
  ...[
    ...[
      'fbclid',
      'gclid',
      'gclsrc',
      'dclid',
      'gbraid',
      'wbraid',
      'msclkid',
      'yclid',
      'ysclid',
      'twclid',
      'ttclid',
    ],
    ...[
      'igshid',
      'igsh',
      'mc_cid',
      'mc_eid',
      'mkt_tok',
      'vero_id',
      'oly_anon_id',
      'oly_enc_id',
      '_hsenc',
      '_hsmi',
    ],
    ...[
      '_ga',
      '_gl',
      'ref_src',
      'ref_url',
      'si_source',
      'share_id',
      'rdt_cid',
      'li_fat_id',
      'srsltid',
      'epik',
    ],
  ].map((name): [string, RegExp] => [name, anyValue]),
  ['si', shareToken],
  ['t', position],
  ['start', position],
  ['feature', /^(share|shared|youtu\.be|youtube_gdata(_player)?|emb_\w+|player_\w+|oembed)$/],
]);

/** True where the parameter cannot identify media, whatever the site. Name and value are decoded. */
export const isTrackingParameter = (name: string, value: string): boolean => {
  const lower = name.toLowerCase();
  return lower.startsWith('utm_') || (trackingParameters.get(lower)?.test(value) ?? false);
};
