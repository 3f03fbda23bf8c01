import type { Tree } from '@anc/core';
import type { Named } from '../text/named.js';

/** What a run is expected to cost. */
export interface CostForecast {
  /** Seconds of the whole run. */
  readonly seconds: number;
  /** Seconds of each model, evaluation included, by name. */
  readonly models: Tree<number>;
  /** Largest size of the process in memory, in bytes. */
  readonly memory: number;
  /** Bytes on disk at most. */
  readonly disk: number;
  /** What other choices would cost. */
  readonly alternatives: readonly CostAlternative[];
}

/** One choice that makes a run shorter. */
export interface CostAlternative {
  /** The smaller student. */
  readonly student?: Named;
  /** The number of views of each image. */
  readonly views?: number;
  /** Seconds of the whole run with it. */
  readonly seconds: number;
}

/**
 * Seconds of a run that ends with a time, and of its models: students share what is left of it.
 *
 * @param time seconds that were asked for
 * @param before seconds until the first student, with a teacher that is trained in the run
 * @param seconds of each model, by name, as if it had a number of epochs
 */
export function withinTime(
  time: number,
  before: number,
  seconds: Tree<number>,
): Pick<CostForecast, 'seconds' | 'models'> {
  const { teacher, ...students } = seconds;
  const each = Math.max(0, time - before) / Object.keys(students).length;
  return {
    seconds: Math.max(time, before),
    models: {
      ...(teacher === undefined ? {} : { teacher }),
      ...Object.fromEntries(Object.keys(students).map((name) => [name, each])),
    },
  };
}

/** The teacher's outputs that a training draws, and how many of them it finds in the cache. */
export interface Draws {
  /** Training images. */
  readonly images: number;
  /** Different views of each; null: another one every time. */
  readonly views: number | null;
  /** Outputs that the cache holds at most. */
  readonly cached: number;
}

/**
 * How many of `count` draws have to be computed: each different pair of image and view once, as far as the cache holds
 * them. Of v views an image has v·(1 - (1 - 1/v)^n) different ones after n draws.
 */
export function computedDraws(count: number, { images, views, cached }: Draws): number {
  if (views === null || images === 0) return count;
  const perImage = count / images;
  const distinct = Math.min(count, images * views * (1 - (1 - 1 / views) ** perImage));
  const held = Math.min(1, cached / Math.max(1, distinct));
  return distinct + (count - distinct) * (1 - held);
}
