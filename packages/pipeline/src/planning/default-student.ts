import { isAncError, type ModelEnvironment } from '@anc/core';
import { parametersAndFlops } from '@anc/models';
import type { Composition } from '../composition/compose.js';
import type { OptionPath, RunOptions } from '../options/run-options.js';
import { formatLarge } from '../text/format.js';
import { describeNamed, type Named } from '../text/named.js';
import type { NetworkSize } from './network-size.js';

/** How many times smaller than the teacher a default student is, in parameters and in FLOPs. */
const TIMES = 4;

/** Networks for images of at least this side halve them more often. */
const LARGE = 64;

const named = (name: string, options: Named['options'] = {}): Named => ({ name, options });

/** Students for small images, as for CIFAR or MNIST. */
const SMALL_IMAGES: readonly Named[] = [
  named('resnet20'),
  named('resnet20', { width: 0.5 }),
  named('resnet', { depth: 8 }),
  named('resnet', { depth: 8, width: 0.5 }),
  named('resnet', { depth: 8, width: 0.25 }),
  named('cnn', { widths: [16, 32, 48], pools: 3, features: 128, batchNorm: true }),
  named('cnn', { widths: [12, 24, 32], pools: 3, features: 64, batchNorm: true }),
  named('cnn-student'),
  named('lenet5'),
  named('cnn', { widths: [6, 12], features: 32 }),
  named('cnn', { widths: [4, 8, 8], pools: 3, features: 16 }),
  named('cnn', { widths: [2, 4, 4], pools: 3, features: 8 }),
];

/** Students for photographs. */
const LARGE_IMAGES: readonly Named[] = [
  named('mobilenet', { width: 0.5 }),
  named('mobilenet', { width: 0.25 }),
  named('mobilenet', { width: 0.125 }),
  named('cnn', { widths: [8, 16, 24, 24, 24], pools: 5, features: 64 }),
  named('cnn', { widths: [4, 8, 16, 16, 16], pools: 5, features: 32 }),
  named('cnn', { widths: [2, 4, 8, 8, 8], pools: 5, features: 16 }),
];

export interface StudentChoice {
  readonly options: RunOptions;
  /** Options that the caller set. */
  readonly given: readonly OptionPath[];
  readonly teacher: NetworkSize;
  readonly environment: ModelEnvironment;
  readonly composition: Pick<Composition, 'registries'>;
  readonly notice: (text: string) => void;
}

interface Candidate {
  readonly model: Named;
  readonly parameters: number;
  readonly flops: number;
}

/**
 * The student of a run whose teacher is given and whose student is not: the preset's where it is at least four times
 * smaller than the teacher in parameters and in FLOPs, else the largest network that is, else the smallest one. Of two
 * networks the larger has the greater product of parameters and FLOPs. The paper's preset, a record, and a teacher of unknown size keep the preset's.
 */
export async function defaultStudent(choice: StudentChoice): Promise<Named> {
  const { options, given, teacher, environment, notice } = choice;
  const preset = options.student.model;
  const isChosen = given.some((path) => path.join('.') === 'student.model');
  const isKnown = isCounted(teacher.parameters) || isCounted(teacher.flops);
  if (given.length === 0 || isChosen || options.preset === 'paper' || !isKnown) return preset;
  const [height, width] = environment.input;
  const zoo = Math.min(height, width) < LARGE ? SMALL_IMAGES : LARGE_IMAGES;
  const usual = await candidateOf(preset, choice);
  const others = (await Promise.all(zoo.map((model) => candidateOf(model, choice)))).filter(
    (one) => one !== null,
  );
  const fitting = others
    .filter((one) => isSmaller(one, teacher))
    .sort((a, b) => sizeProduct(b) - sizeProduct(a));
  const smallest = [...others].sort((a, b) => a.parameters - b.parameters)[0];
  const chosen = usual !== null && isSmaller(usual, teacher) ? usual : (fitting[0] ?? smallest);
  if (chosen === undefined) return preset;
  notice(
    `the student is ${describeNamed(chosen.model)}: ${inWords(chosen, teacher)}. Choose another with --student.`,
  );
  return chosen.model;
}

/** A model's size for these images; null where it is not there or cannot take them. */
async function candidateOf(
  model: Named,
  { environment, composition: { registries } }: StudentChoice,
): Promise<Candidate | null> {
  if (!registries.models.has(model.name)) return null;
  try {
    const network = await registries.models.create(model, environment);
    return { model, ...parametersAndFlops(network, environment.input) };
  } catch (error) {
    if (isAncError(error)) return null;
    throw error;
  }
}

const sizeProduct = ({ parameters, flops }: Candidate): number => parameters * flops;

/** Whether a number of a teacher is known: what cannot be counted is null, NaN or zero. */
const isCounted = (n: number | null): n is number => n !== null && Number.isFinite(n) && n > 0;

/** How many times a known number of the teacher's is the student's; Infinity where the teacher's is unknown. */
const times = (student: number, teacher: number | null): number =>
  isCounted(teacher) ? teacher / student : Infinity;

const isSmaller = ({ parameters, flops }: Candidate, teacher: NetworkSize): boolean =>
  times(parameters, teacher.parameters) >= TIMES && times(flops, teacher.flops) >= TIMES;

function inWords({ parameters, flops }: Candidate, teacher: NetworkSize): string {
  const part = (own: number, of: number | null, what: string): string => {
    const ratio = times(own, of);
    return `${formatLarge(own)} ${what}${Number.isFinite(ratio) ? ` (teacher: ${formatLarge(of)}, ${ratio.toPrecision(2)} times as many)` : ''}`;
  };
  return `${part(parameters, teacher.parameters, 'parameters')}, ${part(flops, teacher.flops, 'FLOPs')}`;
}
