import { callSite } from '../errors/call-site.js';
import { currentPart, differing, loggingParts, type Ran } from './parts.js';

/** Milliseconds by which the clock is moved: another year, month, weekday, hour, minute, second. */
const MOVED = 400 * 86_400_000 + 5 * 3_600_000 + 7 * 60_000 + 13_317;

/** What code used that it may not depend on, such as `Math.random`, and the line at which it first did. */
export class Uses extends Map<string, string> {
  /** What parts of a step did, by the number of the run. */
  readonly #runs = new Map<number, Ran[]>();
  /** The part that first used something. */
  #part: string | null = null;

  override set(what: string, line: string): this {
    this.#part ??= currentPart();
    return super.set(what, line);
  }

  /** The log of a run's parts, which grows. */
  runOf(run: number): Ran[] {
    const log = this.#runs.get(run) ?? [];
    this.#runs.set(run, log);
    return log;
  }

  /** The part that did something else in another run, as errors call it; null where none is known to have. */
  get part(): string | null {
    const [first = [], second = []] = this.#runs.values();
    return differing(first, second) ?? this.#part;
  }
}

/** Something received, followed by what the code that gave it used. */
export const usesInWords = (received: string, uses: Uses): string =>
  [received, ...Array.from(uses, ([what, line]) => `it uses ${what} at ${line}`)].join('; ');

/** What to do where code gives another result each time: `otherwise`, or, where nothing random was used, look for memories. */
export const hintFor = (uses: Uses, otherwise: string): string =>
  uses.size > 0
    ? otherwise
    : 'it remembers something between calls, such as a counter, a cache or a field of `this`: keep memories in the state ' +
      '(statistics of a network, the memory of a regularizer or balancer, slots of an optimizer), and take what changes ' +
      'over time from `progress`. Or it draws with tf.dropout or tf.random*: take noise from context.noise.';

/**
 * Runs code that may depend on its arguments alone, and notes where it asks for random numbers or the time. The clock is
 * moved, so that code whose result depends on it gives another one than without; random numbers differ anyway.
 *
 * Only while `code` runs, which is synchronous, does anything else in the process see this.
 *
 * @param uses receives what was asked for. Its line is looked up once: stacks are slow.
 * @param run number of the run among those that are compared: each has another time.
 */
export function watchingSources<T>(uses: Uses, run: number, code: () => T): T {
  const note = (what: string): void => {
    if (!uses.has(what)) uses.set(what, callSite());
  };
  const shift = run * MOVED;
  const [RealDate, { random }, { now }] = [globalThis.Date, Math, performance];
  const time = (): number => (note('Date'), RealDate.now() + shift);
  // eslint-disable-next-line no-restricted-properties -- it is put back below
  Math.random = () => (note('Math.random'), random());
  performance.now = () => (note('performance.now'), now.call(performance) + shift);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [time()] : given, newTarget) as object,
    apply: () => new RealDate(time()).toString(),
    get: (target, key) => (key === 'now' ? time : (Reflect.get(target, key) as unknown)),
  });
  const { crypto } = globalThis;
  const drawn = (name: 'getRandomValues' | 'randomUUID'): void => {
    const original = crypto[name] as (...given: unknown[]) => unknown;
    Object.defineProperty(crypto, name, {
      configurable: true,
      value: (...given: unknown[]) => (note(`crypto.${name}`), original.apply(crypto, given)),
    });
  };
  drawn('getRandomValues');
  drawn('randomUUID');
  try {
    return loggingParts(uses.runOf(run), code);
  } finally {
    globalThis.Date = RealDate;
    // eslint-disable-next-line no-restricted-properties -- as it was
    Math.random = random;
    performance.now = now;
    Reflect.deleteProperty(crypto, 'getRandomValues');
    Reflect.deleteProperty(crypto, 'randomUUID');
  }
}
