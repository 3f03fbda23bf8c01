/** Deepest nesting of JSON from a file. Networks of Keras that contain networks need a few dozen levels. */
const MOST_LEVELS = 200;

/**
 * Parses JSON from a file that may come from anywhere. What walks through the result may be recursive, and the engine's
 * own parser slows down with the depth, so the depth is checked first.
 * @throws SyntaxError if it is not JSON, or lists and objects are nested more than 200 levels deep
 */
export function parseJson(text: string): unknown {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfText(text, at);
    else if (character === '[' || character === '{') depth++;
    else if (character === ']' || character === '}') depth--;
    if (depth > MOST_LEVELS) throw new SyntaxError(`it is nested more than ${MOST_LEVELS} levels deep`);
  }
  return JSON.parse(text);
}

/** The place of the quote that ends the text which starts at `at`; the end where there is none. */
function endOfText(text: string, at: number): number {
  for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
  return at;
}
