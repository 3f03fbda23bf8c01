import * as tf from '@tensorflow/tfjs-core';

/** A part of a step that ran, and what it did: texts that differ where it did something else. */
export interface Ran {
  /** As errors call it; see `originOf`. */
  readonly part: string;
  readonly did: string[];
}

/** The parts that run now, the innermost last. */
const running: Ran[] = [];
let log: Ran[] | null = null;

/** The part whose code runs now, as errors call it; null outside of parts. */
export const currentPart = (): string | null => running.at(-1)?.part ?? null;

/** Runs the code of a part of a step. Where parts are logged, what it does is. */
export function inPart<T>(part: string, code: () => T): T {
  const ran: Ran = { part, did: [] };
  log?.push(ran);
  running.push(ran);
  try {
    const result = code();
    if (log !== null) ran.did.push(digest(result));
    return result;
  } finally {
    running.pop();
  }
}

/** What all tensors of a process are made by. */
type Maker = Record<'runKernel' | 'makeTensor', (...given: unknown[]) => unknown>;

/** Has `note` hear of every call of what tensors are made by, until the returned function is called. */
export function watchingMaker(name: keyof Maker, note: (given: readonly unknown[]) => void): () => void {
  const engine: Maker = tf.engine() as unknown as Maker;
  engine[name] = (...given) => {
    note(given);
    const { [name]: original } = Object.getPrototypeOf(engine) as Maker;
    return original.apply(engine, given);
  };
  return () => void Reflect.deleteProperty(engine, name);
}

/** Runs code, synchronously, and logs what its parts compute and which constants they make. */
export function loggingParts<T>(next: Ran[], code: () => T): T {
  const before = log;
  log = next;
  const noting = (name: keyof Maker, textOf: (given: readonly unknown[]) => string): (() => void) =>
    watchingMaker(name, (given) => running.at(-1)?.did.push(textOf(given)));
  const ends = [
    noting('runKernel', ([kernel, , attributes]) => `${String(kernel)} ${digest(attributes)}`),
    noting('makeTensor', ([values]) => digest(values)),
  ];
  try {
    return code();
  } finally {
    log = before;
    for (const end of ends) end();
  }
}

/** The first part that did something else the second time; null where none is known to have. */
export function differing(first: readonly Ran[], second: readonly Ran[]): string | null {
  const isSame = (a: Ran, b: Ran | undefined): boolean =>
    a.part === b?.part && a.did.join('\n') === b.did.join('\n');
  const at = first.findIndex((ran, i) => !isSame(ran, second[i]));
  return at === -1 ? null : first[at]!.part;
}

/** A short text of plain data: numbers, texts, and typed arrays by their sums. Of a tensor, its shape. */
function digest(value: unknown, depth = 0): string {
  if (value instanceof tf.Tensor) return `[${(value as tf.Tensor).shape.join()}]`;
  if (ArrayBuffer.isView(value) || (Array.isArray(value) && typeof value[0] === 'number')) {
    const numbers = value as unknown as ArrayLike<number>;
    let [sum, weighted] = [0, 0];
    for (let i = 0; i < numbers.length; i++) {
      sum += numbers[i]!;
      weighted += numbers[i]! * ((i % 251) + 1);
    }
    return `${numbers.length}:${sum}:${weighted}`;
  }
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? 'f' : String(value);
  if (depth > 4) return '…';
  return Object.entries(value)
    .map(([name, inner]) => `${name}=${digest(inner, depth + 1)}`)
    .join();
}
