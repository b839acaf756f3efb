import { renderUnicodeCompact } from 'uqr';

/** White on black whatever the terminal's colours are: a camera wants them that way round. */
const coloured = (line: string): string => `\u001b[38;5;231;48;5;16m${line}\u001b[0m`;

/** A text as a QR code, two rows of it in each line. */
export const qrCode = (text: string): string[] =>
  renderUnicodeCompact(text, { border: 2 }).split('\n').map(coloured);
