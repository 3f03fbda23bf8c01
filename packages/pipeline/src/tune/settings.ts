import { AncError } from '@anc/core';

/** What one try changes of a method's options. */
export interface Setting {
  readonly learningRate: number;
  /** Only for methods that have a temperature. */
  readonly temperature?: number;
}

/** What every method may try. */
export interface Search {
  /** Ascending; all methods try all of them. */
  readonly learningRates: readonly number[];
  /** The first one stands while the rates are tried. Empty: temperatures stay as they are. */
  readonly temperatures: readonly number[];
  /** Tries of each method, those of the rates included. */
  readonly budget: number;
}

/** A try that is over; more is better. */
export interface Tried {
  readonly setting: Setting;
  readonly score: number;
}

/** Rates this much apart are one. */
const FINE = 1.1;

/** How many rates are tried where nobody lists them. */
const USUAL = 5;

const rounded = (rate: number): number => Number(rate.toPrecision(6));

/**
 * The search that was asked for: the rates that were listed, or a ladder of factors of two around `usual`; a budget
 * that just covers rates and temperatures. Throws `ANC_CONFIG` where the budget does not cover the rates.
 */
export function searchOf(
  usual: number,
  asked: { learningRates?: readonly number[]; temperatures?: readonly number[]; budget?: number },
): Search {
  const { temperatures = [], budget } = asked;
  const others = Math.max(0, temperatures.length - 1);
  const room = budget === undefined ? USUAL : Math.max(1, Math.min(USUAL, budget - others));
  const learningRates = unique(asked.learningRates ?? ladder(usual, room)).sort((a, b) => a - b);
  const tries = budget ?? learningRates.length + others;
  if (tries < learningRates.length) {
    throw new AncError('ANC_CONFIG', '--budget: there are more learning rates than tries.', {
      expected: `at least ${learningRates.length}, one for each learning rate`,
      received: String(tries),
      hint: 'raise --budget or list fewer --learning-rates.',
    });
  }
  return { learningRates, temperatures: unique(temperatures), budget: tries };
}

const unique = (values: readonly number[]): number[] => [...new Set(values)];

/** `count` rates around `middle`, a factor of two apart, the lower side first where the count is even. */
function ladder(middle: number, count: number): number[] {
  const lowest = -Math.floor(count / 2);
  return Array.from({ length: count }, (_, i) => rounded(middle * 2 ** (lowest + i)));
}

/** The best of what was tried, the earlier of equals; null where every try failed. */
export function bestOf<T extends Tried>(tried: readonly T[]): T | null {
  const finite = tried.filter(({ score }) => score > -Infinity);
  return finite.reduce<T | null>((best, one) => (best === null || one.score > best.score ? one : best), null);
}

/**
 * What a method tries next, by what its own tries gave; null when its budget is spent. First the rates that all
 * methods try. Then, where it has one, its temperatures at the best rate. Whatever is left goes to the rate:
 * between the best one and its better neighbour, or beyond the end of the list where the best one is there.
 */
export function nextSetting(
  { learningRates, temperatures, budget }: Search,
  hasTemperature: boolean,
  tried: readonly Tried[],
): Setting | null {
  if (tried.length >= budget) return null;
  const heat = hasTemperature ? temperatures : [];
  const first = heat[0] === undefined ? {} : { temperature: heat[0] };
  const listed = learningRates[tried.length];
  if (listed !== undefined) return { learningRate: listed, ...first };
  const best = bestOf(tried);
  if (best === null) return { learningRate: rounded(learningRates[0]! / 2 ** tried.length), ...first }; // all diverged
  const other = heat.find((temperature) => !tried.some(({ setting }) => setting.temperature === temperature));
  if (other !== undefined) return { learningRate: best.setting.learningRate, temperature: other };
  const same = tried.filter(({ setting }) => setting.temperature === best.setting.temperature);
  const learningRate = finer(same, best.setting.learningRate);
  return learningRate === null ? null : { ...best.setting, learningRate };
}

/** A rate beside the best one that was not tried; null where its neighbours are as near as makes no difference. */
function finer(tried: readonly Tried[], best: number): number | null {
  const sorted = [...tried].sort((a, b) => a.setting.learningRate - b.setting.learningRate);
  const at = sorted.findIndex(({ setting }) => setting.learningRate === best);
  const [below, above] = [sorted[at - 1], sorted[at + 1]];
  if (below === undefined) return rounded(best / 2);
  if (above === undefined) return rounded(best * 2);
  const neighbours = below.score > above.score ? [below, above] : [above, below];
  const gap = neighbours.find(({ setting }) => ratio(setting.learningRate, best) > FINE ** 2);
  return gap === undefined ? null : rounded(Math.sqrt(gap.setting.learningRate * best));
}

const ratio = (a: number, b: number): number => Math.max(a / b, b / a);

/** `0.002`, or `0.002, T 4`. */
export const describeSetting = ({ learningRate, temperature }: Setting): string =>
  temperature === undefined ? String(learningRate) : `${learningRate}, T ${temperature}`;
