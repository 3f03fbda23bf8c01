import type { Stream } from './terminal.js';

/**
 * Characters that change a terminal instead of appearing on it: control characters but for tabs and line ends, and those
 * that reverse the direction of writing.
 */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** What this program writes on terminals: bold and gray in tables, and the removal of the line with the progress. */
const OWN = /\r\u001b\[2K|\u001b\[(?:1|22|39|90)m/g;

/** Control characters as JSON writes them, so that names from files cannot write on a terminal what they like. */
export const escapeControls = (text: string): string =>
  text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The same for all that is not our own. */
function escapeForeign(text: string): string {
  const own = text.match(OWN) ?? [];
  return text
    .split(OWN)
    .map((part, i) => escapeControls(part) + (own[i] ?? ''))
    .join('');
}

/** A stream to which control characters of others are written escaped. */
export const safeStream = (stream: Stream): Stream => ({
  get isTTY() {
    return stream.isTTY;
  },
  get columns() {
    return stream.columns;
  },
  write: (text: string | Uint8Array) =>
    typeof text !== 'string'
      ? stream.write(text)
      : stream.write(stream.isTTY ? escapeForeign(text) : escapeControls(text)),
});
