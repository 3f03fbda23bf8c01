import { callSite } from '../errors/call-site.js';

/** Milliseconds by which the clock is moved: another year, month, weekday, hour, minute, second. */
const MOVED = 400 * 86_400_000 + 5 * 3_600_000 + 7 * 60_000 + 13_317;

/** Lines that are kept for an error: one is enough to look at. */
const MOST_LINES = 4;
/** Stacks that are looked at. */
const MOST_LOOKS = 16;

/**
 * Runs code that may depend on its arguments alone, and notes where it asks for random numbers or the time. The clock is
 * moved, so that code whose result depends on it gives another one than without; random numbers differ anyway.
 *
 * Only while `code` runs, which is synchronous, does anything else in the process see this.
 *
 * @param lines receives what was asked for, with the line of it, each once.
 * @param run number of the run among those that are compared: each has another time.
 */
export function watchingSources<T>(lines: Set<string>, run: number, code: () => T): T {
  let looked = 0;
  const note = (what: string): void => {
    // Stacks are slow: not for each of thousands of calls, be they of the same line.
    if (lines.size < MOST_LINES && looked++ < MOST_LOOKS) lines.add(`${what} at ${callSite()}`);
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
    return code();
  } finally {
    globalThis.Date = RealDate;
    // eslint-disable-next-line no-restricted-properties -- as it was
    Math.random = random;
    performance.now = now;
    Reflect.deleteProperty(crypto, 'getRandomValues');
    Reflect.deleteProperty(crypto, 'randomUUID');
  }
}
