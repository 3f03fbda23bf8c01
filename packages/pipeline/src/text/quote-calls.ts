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
  let out = '';
  for (let at = 0; at < text.length;) {
    const quoted = matchAt(QUOTED, text, at);
    const call = quoted === null && BEFORE.test(out.slice(-LONGEST_SPACE)) ? matchAt(CALL, text, at) : null;
    const end = call === null ? -1 : closing(text, at + call.length - 1);
    const piece = end === -1 ? (quoted ?? text[at]!) : text.slice(at, end + 1);
    out += end === -1 ? piece : JSON.stringify(piece);
    at += piece.length;
  }
  return out;
}

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** Where the bracket that opens at `open` is closed, as the end of a value; else -1. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if ('([{'.includes(text[i]!)) depth++;
    else if (')]}'.includes(text[i]!) && --depth === 0)
      return /^\s*(?:[\]},]|$)/.test(text.slice(i + 1)) ? i : -1;
  }
  return -1;
}
