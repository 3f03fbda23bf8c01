import type { Discrepancy, GeneratorTerm, ReplayMemory } from '../contracts/generation.js';
import type { ClassifierOutputs, Generator, Network } from '../contracts/network.js';
import type { DataTerm } from '../contracts/objective.js';
import type { Task } from '../contracts/task.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { ShownRows } from './generated-images.js';

/** Everything in the adversarial training of a generator and a student that can be replaced. */
export interface DataFreeSetup {
  /** The network that is trained. It takes bytes. */
  readonly student: Network<ClassifierOutputs>;
  /** The frozen teacher, which takes bytes as the student does. Gradients flow through it to the pixels. */
  readonly teacher: Network<ClassifierOutputs>;
  /** Makes the images. */
  readonly generator: Generator;
  /** What the logits mean; default: classification. */
  readonly task?: Task;
  /** What the student minimizes, on the images that it is shown. */
  readonly dataTerm: DataTerm;
  /** What the generator maximizes, at the weight `discrepancy`. */
  readonly discrepancy: Discrepancy;
  /** Further terms of the generator's loss. */
  readonly terms: readonly GeneratorTerm[];
  /** Keeps the images that the student is shown. */
  readonly memory: ReplayMemory;
  /** Whether the student is shown averages of pairs of generated images in place of the images. */
  readonly mixup?: boolean;
  /** Rows of the images that the generator makes, and of those that the student is shown. */
  readonly batchSize: number;
  /**
   * Where ranks share the batches: the generated rows that this one shows the student, and how many there are on all ranks.
   * The generator's phase is the same on all of them, as is the memory.
   */
  readonly shown?: ShownRows;
  /** A generator that is never updated: a control experiment. */
  readonly frozen?: boolean;
  /** How both are updated. */
  readonly optimizers: { readonly student: Optimizer; readonly generator: Optimizer };
}

/** Names of the phases of a data-free step. */
export const dataFreePhases = { generator: 'generator', student: 'student' } as const;

/** Metric of a generator's term: its weighted penalty. */
export const termMetric = (i: number, { name }: GeneratorTerm): string => `loss/term/${i + 1} ${name}`;
