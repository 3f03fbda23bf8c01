import { parse } from 'yaml';
import { quoteCalls } from './quote-calls.js';
import { placeOfDepth } from './read-yaml.js';
import { withoutStacks } from './without-stacks.js';

/** A thing that is referred to by name, with its options. */
export interface Named {
  /** Name under which it is registered. */
  readonly name: string;
  /** Its options. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How names with options are written, for errors. */
export const NAMED_FORM = 'name or name(option=value, …)';

/** Characters of a name with options: finding its brackets takes the square of its length at worst. */
const LONGEST = 50_000;

/** What is wrong with a text that should have been a name with options, for people. */
export interface Unreadable {
  readonly problem: string;
}

/** No aliases; no warnings of the parser on stderr, and no excerpts of the text in its errors. */
const PARSING = { maxAliasCount: 0, logLevel: 'error', prettyErrors: false } as const;

/** The key of an option whose value was given without a name, as in `crop(4)`. */
export const UNNAMED = '';

/** How a name may be written. */
interface Form {
  /** Whether the first value may come without its option's name: it is then the option `UNNAMED`. */
  readonly unnamedFirst?: boolean;
}

/**
 * Reads `name` or `name(option=value, …)`; values are YAML, so numbers, booleans and lists are what they
 * look like, and `mlp(units=[64])` inside of one is a text, brackets and all.
 */
export function readNamed(text: string, { unnamedFirst = false }: Form = {}): Named | Unreadable {
  if (text.length > LONGEST) return { problem: `write at most ${LONGEST} characters.` };
  const trimmed = text.trim();
  const path = unclosed(text) ? null : dividedPath(trimmed);
  const { name, inner } = path ?? dividedName(trimmed);
  if (inner === null || (path === null && !/^[^\s()=,][^()=,]*$/.test(name)))
    return { problem: unclosed(text) ? 'close every bracket.' : `write ${NAMED_FORM}.` };
  if (/\s/.test(name) && path === null)
    return {
      problem: `a name has no spaces: "${name}". A file or folder is written as a path: ./${trimmed}.`,
    };
  const options = new Map<string, unknown>(); // a key may be __proto__
  for (const [i, part] of splitTopLevel(inner).entries()) {
    const equals = part.indexOf('=');
    const isUnnamed = unnamedFirst && i === 0 && equals < 0;
    if (equals < 1 && !isUnnamed) return { problem: nameless(part) };
    const option = isUnnamed ? UNNAMED : part.slice(0, equals).trim();
    if (placeOfDepth(part) !== null)
      return {
        problem: unclosed(part) ? 'close every bracket.' : `the value of "${option}" is nested too deep.`,
      };
    if (options.has(option)) return { problem: `say the option "${option}" once.` };
    try {
      const value = quoteCalls(part.slice(equals + 1));
      options.set(
        option,
        withoutStacks((): unknown => parse(value, PARSING)),
      );
    } catch (error) {
      if (unclosed(part)) return { problem: 'close every bracket.' };
      const why = error instanceof Error ? error.message.split('\n')[0]! : String(error);
      return { problem: `the value of "${option}" cannot be read: ${why}` };
    }
  }
  return { name, options: Object.fromEntries(options) };
}

interface Divided {
  readonly name: string;
  /** What is between the brackets; null where they are not closed. */
  readonly inner: string | null;
}

function dividedName(text: string): Divided {
  const open = text.indexOf('(');
  if (open < 0) return { name: text, inner: '' };
  return { name: text.slice(0, open).trimEnd(), inner: text.endsWith(')') ? text.slice(open + 1, -1) : null };
}

/**
 * A file's path and its options; null where the text is none. A path may have brackets of its own, as in `model (1).onnx`:
 * only the last ones hold options, and only where each part is `option=value`.
 */
function dividedPath(text: string): Divided | null {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  const outside = open < 0 ? text : text.slice(0, open) + text.slice(close + 1);
  if (!/[\\/.]/.test(outside)) return null;
  const last = text.endsWith(')') ? openingOfLast(text) : -1;
  const inner = text.slice(last + 1, -1);
  const hasOptions = last > 0 && splitTopLevel(inner).every((part) => part.indexOf('=') > 0);
  return hasOptions ? { name: text.slice(0, last).trimEnd(), inner } : { name: text, inner: '' };
}

/** Where the bracket begins that the text ends with. */
function openingOfLast(text: string): number {
  let depth = 0;
  for (let i = text.length - 1; i >= 0; i--) {
    if (')]}'.includes(text[i]!)) depth++;
    else if ('([{'.includes(text[i]!) && --depth === 0) return i;
  }
  return -1;
}

/** As `readNamed`; null where the text cannot be read. */
export function parseNamed(text: string): Named | null {
  const read = readNamed(text);
  return 'problem' in read ? null : read;
}

const unclosed = (text: string): boolean =>
  (text.match(/[([{]/g) ?? []).length !== (text.match(/[)\]}]/g) ?? []).length;

const nameless = (part: string): string =>
  `write the option's name before "${part}", and brackets around a list, as in mlp(units=[64,64]).`;

/** Parts between commas that are not inside brackets. */
export function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if ('([{'.includes(text[i]!)) depth++;
    else if (')]}'.includes(text[i]!)) depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** The form for configuration files: the name alone where there are no options; options that are `name` or `options` stay apart. */
export function formatNamed({ name, options }: Named): unknown {
  if (Object.keys(options).length === 0) return name;
  const isAmbiguous = Object.hasOwn(options, 'name') || Object.hasOwn(options, 'options');
  return isAmbiguous ? { name, options } : { name, ...options };
}

/** One line for people. */
export const describeNamed = ({ name, options }: Named): string => {
  const inner = Object.entries(options).map(
    ([key, value]) => `${key === UNNAMED ? '' : `${key}=`}${JSON.stringify(value)}`,
  );
  return inner.length === 0 ? name : `${name}(${inner.join(', ')})`;
};
