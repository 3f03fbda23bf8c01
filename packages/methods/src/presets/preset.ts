import type { optimizerConfigSchema } from '@anc/core';
import type { z } from 'zod';
import type { adversarialSchema } from '../methods/adversarial.js';

type Objective = Omit<z.input<typeof adversarialSchema>, 'optimizer'>;

/** How students are trained: the default options of a run. Plain data, which can be printed and stored. */
export interface Preset {
  /** One line for `anc-cli describe preset`. */
  readonly summary: string;
  /** Default methods of a run; methods that did not beat their controls are left out. */
  readonly methods: readonly string[];
  /** Epochs of every student. */
  readonly epochs: number;
  /** Images per batch. */
  readonly batchSize: number;
  /** `crop`: padding of random crops in pixels, 0 for none. `flip`: random horizontal flips. */
  readonly augmentation: { readonly crop: number; readonly flip: boolean };
  /** The student's optimizer; the discriminator's too, apart from `objective.discriminatorOptimizer`. */
  readonly optimizer: z.input<typeof optimizerConfigSchema>;
  /** Options of the adversarial method; other methods take those that they share by name. */
  readonly objective: Objective;
}

/** A preset and its changes for single datasets, by the dataset's name. */
export interface PresetFamily {
  readonly base: Preset;
  readonly datasets: Readonly<Record<string, Partial<Preset>>>;
}
