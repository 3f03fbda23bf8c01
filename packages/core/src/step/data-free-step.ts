import type { Discrepancy, GeneratorTerm, ReplayMemory } from '../contracts/generation.js';
import type { ClassifierOutputs, Generator, Network } from '../contracts/network.js';
import type { DataTerm } from '../contracts/objective.js';
import { originOf } from '../contracts/origin.js';
import type { Step } from '../contracts/step.js';
import type { Task } from '../contracts/task.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { classification } from '../tasks/classification/classification.js';
import type { Tree } from '../tree/tree.js';
import { shownBatch, type ShownRows } from './generated-images.js';
import { generatorPhase } from './generator-phase.js';
import { shownStudentPhase } from './shown-student-phase.js';

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

/**
 * Data-free adversarial distillation (DFAD, Fang 2019, arXiv 1912.11006): the generator's phase, Eq. 7 with the terms that a
 * caller adds, then the student's, Eq. 6. Both go through the frozen teacher in inference mode. The student is fixed in the
 * generator's phase, the images in the student's. The generator's batch norm always uses the batch's statistics.
 *
 * Hyperparameters: `generator/learningRate`, `student/learningRate`, `discrepancy` (its weight), `lambda` (weight of
 * the data term), `progress`. A batch may hold images of the data, with teacher outputs: the student is shown them with
 * `batchSize - rows` generated ones.
 *
 * Ranks divide the rows that the student is shown. The generator's phase is computed by all of them alike, for the whole batch:
 * its batch norm and its terms compare all images of the batch, the memory keeps them all, and it is one phase in several.
 */
export function dataFreeStep(setup: DataFreeSetup): Step {
  const { optimizers, terms } = setup;
  const id = JSON.stringify({
    kind: 'data-free',
    student: setup.student.name,
    teacher: setup.teacher.name,
    generator: setup.generator.name,
    task: (setup.task ?? classification).name,
    dataTerm: setup.dataTerm.name,
    discrepancy: setup.discrepancy.name,
    terms: terms.map(({ name }) => name),
    memory: setup.memory.name,
    batchSize: setup.batchSize,
    frozen: setup.frozen === true,
    ...(setup.shown && { shown: setup.shown }),
    ...(setup.mixup === true && { mixup: true }),
    optimizers: [optimizers.student.id, optimizers.generator.id],
  });
  const sources: Tree<string> = {
    ...Object.fromEntries(terms.map((term, i) => [termMetric(i, term), originOf('generator term', term)])),
    'loss/discrepancy': originOf('discrepancy', setup.discrepancy),
    'loss/data': originOf('data term', setup.dataTerm),
  };
  const student = shownStudentPhase(setup, optimizers.student, (state, batch, _hyper, context) => ({
    batch: shownBatch(setup, state, batch, context),
  }));
  return { id, phases: [generatorPhase(setup), student], sources };
}
