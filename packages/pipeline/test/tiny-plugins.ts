import { openCpu } from '@anc/backend-tfjs';
import {
  AncError,
  Dataset,
  definePlugin,
  PLUGIN_API_VERSION,
  Rng,
  type Backend,
  type DatasetSplit,
  type Plugin,
  type SplitName,
} from '@anc/core';
import { MemoryImages } from '@anc/datasets';
import datasets from '@anc/datasets/plugin';
import methods from '@anc/methods/plugin';
import models from '@anc/models/plugin';
import { z } from 'zod';
import { compose, type Composition } from '../src/composition/compose.js';

const SIDE = 8;

interface CornersOptions {
  readonly classes?: readonly string[];
  readonly labels?: boolean;
  readonly train?: number;
  readonly test?: number;
  readonly testFails?: boolean;
}

/** Noisy 8×8 images with one bright corner, which is the class: steps on them take milliseconds. */
export class Corners extends Dataset {
  readonly name = 'corners';
  readonly shape = [SIDE, SIDE, 1] as const;
  readonly classes: readonly string[];

  constructor(readonly options: CornersOptions = {}) {
    super();
    this.classes = options.classes ?? ['nw', 'ne', 'sw', 'se'];
  }

  async split(name: SplitName): Promise<DatasetSplit> {
    const { labels = true, train = 48, test = 20, testFails = false } = this.options;
    if (name === 'test' && testFails) throw new AncError('ANC_DATA_MISSING', 'there are no test images.');
    const count = name === 'train' ? train : test;
    const rng = Rng.fromSeed(1).split('corners', name);
    const pixels = new Uint8Array(count * SIDE * SIDE);
    const classes = Int32Array.from({ length: count }, (_, i) => i % 4);
    for (let i = 0; i < count; i++) {
      const [bottom, right] = [classes[i]! >> 1, classes[i]! & 1];
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          const bright = y >> 2 === bottom && x >> 2 === right ? 120 : 0;
          pixels[(i * SIDE + y) * SIDE + x] = bright + rng.int(120);
        }
      }
    }
    return {
      images: new MemoryImages(pixels, this.shape),
      labels: labels ? () => Promise.resolve(classes) : null,
    };
  }
}

/** A composition for runs in this process, and what became of its backends. */
export interface TinyComposition extends Composition {
  /** Names of the backends that were opened, in order. */
  readonly opened: readonly string[];
  /** Names of those that were disposed, in order. */
  readonly closed: readonly string[];
}

/**
 * Built-in models, methods and datasets, the dataset `corners`, and the backends `one` and `two` (plain JavaScript, in this
 * process) and `broken`, which does not open.
 */
export function tinyComposition(...more: readonly Plugin[]): TinyComposition {
  const [opened, closed]: [string[], string[]] = [[], []];
  const backend = (name: string) => ({
    options: z.strictObject({ threads: z.int().min(1).optional() }),
    create: async (): Promise<Backend> => {
      const cpu = await openCpu();
      opened.push(name);
      return new Proxy(cpu, {
        get(target, key) {
          if (key === 'name') return name;
          if (key === 'dispose') return () => (closed.push(name), target.dispose());
          const member: unknown = Reflect.get(target, key, target);
          return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
        },
      });
    },
  });
  const tiny = definePlugin({
    name: 'tiny',
    apiVersion: PLUGIN_API_VERSION,
    datasets: {
      corners: {
        options: z.looseObject({}),
        create: (options: CornersOptions) => new Corners(options),
      },
    },
    backends: {
      one: backend('one'),
      two: backend('two'),
      broken: {
        options: z.strictObject({}),
        create: () => Promise.reject(new AncError('ANC_BACKEND_MISSING', 'backend "broken": not here.')),
      },
    },
  });
  return { ...compose([models(), methods(), datasets(), tiny, ...more]), opened, closed };
}

/** Options by key of a run on `corners` that takes less than a second. */
export const tinyOptions = {
  dataset: 'corners',
  teacher: 'cnn(widths=[3],features=6)',
  student: 'cnn(widths=[2],features=6)',
  backend: 'one',
  batchSize: 16,
  epochs: 2,
  seed: 3,
} as const;
