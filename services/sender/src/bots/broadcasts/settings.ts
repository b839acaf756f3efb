import { Type } from 'typebox';

/** Environment variables of broadcasts. */
export const broadcastSettings = {
  BOTS_BROADCAST_AHEAD: Type.Integer({
    minimum: 1,
    maximum: 10_000,
    default: 50,
    description:
      'Entries of a bot’s broadcasts that are in its stream at a time. A pause takes effect after them.',
  }),
  BOTS_BROADCAST_KEEP_DAYS: Type.Integer({
    minimum: 1,
    default: 7,
    description: 'Days for which a broadcast and the outcomes of its recipients are kept after its end.',
  }),
};
