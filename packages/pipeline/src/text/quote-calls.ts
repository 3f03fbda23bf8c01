/** A text in quotes as YAML writes it, or the beginning of a name with options. */
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/y;
const CALL = /[A-Za-z0-9][\w.-]*\(/y;

/** What stands before a value: a bracket, a comma or a colon, and spaces. */
const BEFORE = /(?:[[{,]\s*|:\s+)$/;
const LONGEST_SPACE = 80;

/**
 * Puts names with options that stand inside YAML's brackets, `[{discriminator: mlp(units=[8,8])}]`, in quotes: to YAML
 * their brackets and commas would be its own.
 */
export function quoteCalls(text: string): string {
  const closings = closingsOf(text);
  const pieces: string[] = [];
  let tail = ''; // of what is written
  for (let at = 0; at < text.length;) {
    const quoted = matchAt(QUOTED, text, at);
    const call = quoted === null && BEFORE.test(tail) ? matchAt(CALL, text, at) : null;
    const end = call === null ? -1 : closing(text, closings.get(at + call.length - 1));
    const piece = end === -1 ? (quoted ?? text[at]!) : text.slice(at, end + 1);
    pieces.push(end === -1 ? piece : JSON.stringify(piece));
    tail = (tail + pieces.at(-1)!).slice(-LONGEST_SPACE);
    at += piece.length;
  }
  return pieces.join('');
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** Where each bracket is closed, by the place where it opens. */
function closingsOf(text: string): Map<number, number> {
  const found = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if ('([{'.includes(text[i]!)) open.push(i);
    else if (')]}'.includes(text[i]!) && open.length > 0) found.set(open.pop()!, i);
  }
  return found;
}

/** The place of a bracket that closes, if a value ends there; else -1. */
const closing = (text: string, at: number | undefined): number =>
  at !== undefined && /^\s*(?:[\]},]|$)/.test(text.slice(at + 1)) ? at : -1;
