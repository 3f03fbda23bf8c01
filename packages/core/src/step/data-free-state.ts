import type { Variables } from '../contracts/network.js';
import { AncError } from '../errors/error.js';
import type { Rng } from '../random/rng.js';
import { filled, prefixTree, type HostTensor, type Tree } from '../tree/tree.js';
import type { DataFreeSetup } from './data-free-setup.js';
import { MEMORY, PREVIEW, PREVIEWED, teacherOutputsOf } from './generated-images.js';
import { modelNames, toStateEntries } from './model-state.js';

/** What the state of a data-free step is made for, besides its setup. */
export interface DataFreeShapes {
  /** [H, W, C]. */
  readonly input: readonly number[];
  /** Shapes (no batch axis) of the teacher's outputs. */
  readonly teacherOutputs: Tree<readonly number[]>;
}

/**
 * The frozen teacher in the state of a step that applies it.
 *
 * @param teacher its variables.
 * @throws `ANC_TEACHER` where there are none.
 */
export function teacherEntries(
  teacher: Variables<HostTensor> | null | undefined,
): Record<string, HostTensor> {
  if (teacher !== null && teacher !== undefined) return toStateEntries(modelNames.teacher, teacher);
  throw new AncError('ANC_TEACHER', 'the step applies the teacher, and there are no weights of it.', {
    hint: "pass the frozen teacher's variables to the stage's init: Teacher.frozen has them.",
  });
}

/**
 * The initial state of a data-free step but for the student: the generator with its optimizer's slots, the frozen teacher,
 * the empty memory and the preview.
 *
 * @param teacher the frozen teacher's variables.
 */
export function initDataFreeState(
  setup: DataFreeSetup,
  { input, teacherOutputs }: DataFreeShapes,
  rng: Rng,
  teacher: Variables<HostTensor> | null | undefined,
): Record<string, HostTensor> {
  const { generator, memory, batchSize, optimizers } = setup;
  const { params, stats } = generator.init(rng.split(modelNames.generator), [generator.noise]);
  const rows = (shape: readonly number[]): HostTensor => filled([batchSize, ...shape]);
  const samples = {
    images: rows(input),
    ...prefixTree(
      'teacher',
      Object.fromEntries(teacherOutputsOf(setup).map((name) => [name, rows(teacherOutputs[name]!)])),
    ),
  };
  return {
    ...toStateEntries(modelNames.generator, { params, stats, slots: optimizers.generator.init(params) }),
    ...teacherEntries(teacher),
    ...prefixTree(MEMORY, memory.fresh ? {} : memory.init(samples)),
    [PREVIEW]: filled([Math.min(PREVIEWED, batchSize), ...input]),
  };
}

/** The images that a data-free step has generated last, [n, H, W, C] in units of bytes. */
export const generatedImages = (state: Tree<HostTensor>): HostTensor => state[PREVIEW]!;
