/** When and how a process is killed: drawn from a seed, so that a case can be repeated. */

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pick = (random, values) => values[Math.floor(random() * values.length)];

/** Milliseconds of the very beginning: Node itself starts, then the program's modules are loaded. */
const BEGINNING = 400;

/**
 * A kill. `kind`: in the `beginning` or at any `time` (milliseconds after the start), or at an `operation` of the file
 * system, by number. `signals` are sent one right after the other; SIGKILL in seven of ten cases.
 *
 * @param {{ seconds: number, operations: number }} reference of the command without a kill
 * @param resumed whether the process continues an earlier one, and so has less to do
 */
export function drawKill(random, { seconds, operations }, resumed) {
  const hard = random() < 0.7;
  const signal = hard ? 'SIGKILL' : pick(random, ['SIGTERM', 'SIGINT', 'SIGHUP']);
  const signals = !hard && random() < 0.3 ? [signal, signal] : [signal];
  const share = random() * (resumed ? 0.7 : 1);
  const kind = random();
  if (kind < 0.15) return { kind: 'beginning', after: Math.round(random() * BEGINNING), signals };
  if (kind < 0.4) return { kind: 'time', after: Math.round(1000 * share * seconds), signals };
  const part = pick(random, hard ? ['before', 'half', 'after'] : ['before', 'after']);
  return { kind: 'operation', at: 1 + Math.floor(share * operations), part, signals };
}
