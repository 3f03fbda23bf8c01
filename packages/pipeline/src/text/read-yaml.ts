import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
} from 'yaml';
import { withoutStacks } from './without-stacks.js';

/** A document with its value, and where its parts stand. */
export interface ReadYaml {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly value: unknown;
}

/** What is wrong with a text, without a full stop, and where. Lines and columns count from 1. */
export interface YamlProblem {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

/** Characters of a text: the parser's time grows with the square of its length, and of the number of keys of a map. */
const LONGEST = 1 << 16;
/** Levels of lists and maps inside each other. */
const DEEPEST = 100;
/** Values, those of aliases as often as they are referred to. */
const MOST_VALUES = 100_000;

/** Reads YAML, or JSON as a part of it, from anywhere: aliases may neither lack their anchor nor multiply without end. */
export function readYaml(text: string): ReadYaml | YamlProblem {
  const lines = new LineCounter();
  const at = (offset: number, problem: string): YamlProblem => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), problem };
  };
  if (text.length > LONGEST) return { line: 1, column: 1, problem: `it has more than ${LONGEST} characters` };
  const deep = placeOfDepth(text);
  if (deep !== null) {
    const before = text.slice(0, deep).split('\n');
    return { line: before.length, column: before.at(-1)!.length + 1, problem: TOO_DEEP };
  }
  try {
    const document = withoutStacks((): Document =>
      parseDocument(text, { lineCounter: lines, prettyErrors: false }),
    );
    const error = document.errors[0];
    if (error !== undefined) return at(error.pos[0], problemOf(error));
    const wrong = wrongPart(document);
    if (wrong !== null) return at(wrong.at, wrong.problem);
    return { document, lines, value: document.toJS() as unknown };
  } catch (error) {
    return at(
      0,
      error instanceof RangeError ? TOO_DEEP : error instanceof Error ? error.message : String(error),
    );
  }
}

/** The value of a text that this program wrote; null where it is damaged. */
export function yamlValue(text: string): unknown {
  const read = readYaml(text);
  return 'problem' in read ? null : read.value;
}

/** The parser reports its own overflow of the stack like an error of the text. */
const problemOf = ({ message }: Error): string =>
  message.includes('call stack') ? TOO_DEEP : message.split(' at line ')[0]!;

const TOO_DEEP = `it is nested more than ${DEEPEST} levels deep`;

/** What opens a list or a map within a line: indicators of items and keys. */
const INDICATOR = /(?<=^|\s)[-?](?=\s)/gm;

/**
 * Where a text is nested deeper than it may be, by its brackets, its indentation and the indicators of one line. Those
 * inside of texts count as well, which only nonsense has so many of. Known before the text is parsed, since a parser at
 * the end of the stack can end the process.
 */
export function placeOfDepth(text: string): number | null {
  let start = 0;
  const open: number[] = [];
  for (const line of text.split('\n')) {
    const column = line.search(/\S/);
    if (column !== -1) {
      while (open.length > 0 && open.at(-1)! >= column) open.pop();
      open.push(column);
      if (open.length + (line.match(INDICATOR)?.length ?? 0) > DEEPEST + 1) return start + column;
    }
    start += line.length + 1;
  }
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '[' || character === '{') depth++;
    else if ((character === ']' || character === '}') && depth > 0) depth--;
    if (depth > DEEPEST) return at;
  }
  return null;
}

interface WrongPart {
  /** Where it starts. */
  readonly at: number;
  readonly problem: string;
}

const placeOf = ({ range }: Alias): number => range?.[0] ?? 0;

/** The first alias that cannot be followed, or with which the document becomes too large; or a key that would be lost. */
function wrongPart(document: Document): WrongPart | null {
  /** Values behind each anchor; null while its node is read. */
  const sizes = new Map<string, number | null>();
  let wrong: WrongPart | null = null;
  const count = (node: unknown, depth: number): number => {
    if (wrong !== null) return 0;
    if (depth > DEEPEST) {
      wrong = { at: 0, problem: TOO_DEEP };
      return 0;
    }
    if (isAlias(node)) {
      const size = sizes.get(node.source);
      if (size === undefined)
        wrong = { at: placeOf(node), problem: `the alias *${node.source} has no anchor before it` };
      if (size === null)
        wrong = { at: placeOf(node), problem: `the alias *${node.source} refers to what it is part of` };
      return limited(size ?? 0, node);
    }
    if (isPair(node) && isScalar(node.key) && node.key.value === '__proto__')
      wrong = { at: node.key.range?.[0] ?? 0, problem: 'the key __proto__ cannot be an option' };
    if (isPair(node)) return count(node.key, depth) + count(node.value, depth);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) sizes.set(anchor, null);
    let size = 1;
    for (const item of isMap(node) || isSeq(node) ? node.items : []) size += count(item, depth + 1);
    if (anchor !== undefined) sizes.set(anchor, size);
    return size;
  };
  let total = 0;
  const limited = (size: number, alias: Alias): number => {
    total += size;
    if (wrong === null && total > MOST_VALUES)
      wrong = { at: placeOf(alias), problem: `its aliases stand for more than ${MOST_VALUES} values` };
    return size;
  };
  count(document.contents, 0);
  return wrong;
}
