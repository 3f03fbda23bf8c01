import { listed } from '@anc/core/internal';
import { LIMITS, limitPath, limitsOf } from '../budget/limits.js';
import type { Composition } from '../composition/compose.js';
import { namedAugmentations } from '../data/augmentations.js';
import type { Named } from '../text/named.js';
import { aboutOption, optionError } from '../options/option-error.js';
import type {
  DataOptions,
  ObjectiveOptions,
  RunOptions,
  StudentOptions,
  TrainingOptions,
} from '../options/run-options.js';
import { teacherBackend } from './teacher-backend.js';
import { checkTrainingPrecision } from './training-precision.js';
import { checkTrainedTeacher } from './given-teacher.js';
import { scheduleOf } from './method-options.js';

/** Checks what costs nothing to check. Throws `ANC_UNKNOWN`, `ANC_OPTIONS` and `ANC_CONFIG` with the option's path. */
export async function checkOptions(
  options: RunOptions,
  { registries }: Composition,
  isGivenTeacher: boolean,
): Promise<void> {
  const { teacher, student, methods, compute, data, training, objective } = options;
  if (!isGivenTeacher) {
    checkTrainedTeacher(teacher);
    await aboutOption(['teacher', 'model'], () => registries.models.get(teacher.model.name));
  }
  await aboutOption(['student', 'model'], () => registries.models.get(student.model.name));
  for (const [i, { name }] of methods.entries()) {
    await aboutOption(['methods', i], () => registries.methods.get(name));
  }
  for (const [path, named] of [
    [['compute', 'backend'], compute.backend],
    [['teacher', 'backend'], teacherBackend(options, { registries })],
    [['student', 'backend'], student.backend],
  ] as const) {
    if (named !== undefined) await aboutOption(path, () => registries.backends.get(named.name));
  }
  checkTrainingPrecision(options, { registries });
  await namedAugmentations(data, { registries });
  await aboutOption(['data', 'dataset'], () => registries.datasets.get(data.dataset.name));
  await checkTransfer(data, registries, isGivenTeacher);
  for (const [key, kind] of Object.entries(PART_KINDS) as [PartKey, (typeof PART_KINDS)[PartKey]][]) {
    const named: Named | undefined = objective[key];
    if (named !== undefined) await aboutOption(['objective', key], () => registries[kind].check(named));
  }
  for (const [path, named] of [
    [['training', 'optimizer'], training.optimizer],
    [['teacher', 'optimizer'], teacher.optimizer],
    [['objective', 'discriminatorOptimizer'], objective.discriminatorOptimizer],
  ] as const) {
    if (named !== undefined) await aboutOption(path, () => checkOptimizer(named, training, registries));
  }
  await aboutOption(['training', 'schedule'], () => registries.schedules.get(training.schedule.name));
  checkSchedule(training);
  checkAccumulate(training);
  await aboutOption(['training', 'schedule'], () => checkScheduleOptions(training, registries));
}

/** Throws `ANC_CONFIG` where images of another dataset would have to train a teacher, too: they have no labels. */
async function checkTransfer(
  { transferDataset }: DataOptions,
  { datasets }: Composition['registries'],
  isGivenTeacher: boolean,
): Promise<void> {
  if (transferDataset === undefined) return;
  const path = ['data', 'transferDataset'];
  await aboutOption(path, () => datasets.get(transferDataset.name));
  if (isGivenTeacher) return;
  throw optionError(path, 'the teacher would be trained on these images, and no label of them is read.', {
    expected: 'a trained teacher, e.g. --teacher runs/mine or --teacher model.onnx',
    received: 'a teacher that is trained in this run',
    hint: 'train it first, with `anc-cli run` on a dataset with labels.',
  });
}

/** Throws `ANC_CONFIG` for a budget beside weights: it chooses another network than the one that they are of. */
export function checkBudget(student: StudentOptions): void {
  const limits = limitsOf(student);
  const limit = LIMITS.find((each) => limits?.[each] !== undefined);
  if (limit === undefined || student.weights === undefined) return;
  const isContinued = student.continues !== undefined;
  throw optionError(
    limitPath(limit),
    isContinued
      ? 'a continued run has the student of its parent, so none is chosen for a budget.'
      : 'a budget chooses a network, and the given weights are of one.',
    {
      hint: isContinued
        ? 'leave it out, or start a new run without the parent.'
        : 'leave it out and name the network with --student, or leave out --student-weights.',
    },
  );
}

type Registries = Composition['registries'];

async function checkOptimizer(
  { name, options }: Named,
  { momentum, weightDecay, decayMode, decayScope }: TrainingOptions,
  { optimizers }: Pick<Registries, 'optimizers'>,
): Promise<void> {
  const shared = { momentum, weightDecay, decayMode, decayScope };
  const { contribution } = optimizers.get(name);
  await optimizers.check({ name, options: { ...listed(contribution, shared), ...options } });
}

async function checkScheduleOptions(training: TrainingOptions, { schedules }: Registries): Promise<void> {
  const { kind: _kind, warmup: _warmup, ...options } = scheduleOf(training, { schedules });
  await schedules.check({ name: training.schedule.name, options });
}

/** The parts of the objective that options can name, with the kind of plugin that provides them. */
const PART_KINDS = {
  discriminator: 'discriminators',
  regularizer: 'regularizers',
  dataTerm: 'dataTerms',
  adversarialLoss: 'adversarialLosses',
  balancer: 'balancers',
} as const satisfies Partial<Record<keyof ObjectiveOptions, string>>;
type PartKey = keyof typeof PART_KINDS;

function checkSchedule({ schedule, milestones }: TrainingOptions): void {
  if (schedule.name !== 'step' || milestones.length > 0 || 'milestones' in schedule.options) return;
  throw optionError(
    ['training', 'schedule'],
    'there are no milestones, so the learning rate of a step schedule never drops.',
    {
      expected: 'at least one milestone',
      hint: 'set them, e.g. --milestones 0.5,0.75 --milestone-unit share.',
    },
  );
}

function checkAccumulate({ batchSize, accumulate = 1 }: TrainingOptions): void {
  if (batchSize % accumulate === 0) return;
  const divisors = Array.from({ length: batchSize }, (_, i) => i + 1).filter((n) => batchSize % n === 0);
  const nearest = divisors.reduce((best, n) =>
    Math.abs(n - accumulate) < Math.abs(best - accumulate) ? n : best,
  );
  throw optionError(['training', 'accumulate'], 'the batch cannot be cut into equal micro-batches.', {
    expected: `a divisor of the batch size, ${batchSize}`,
    received: String(accumulate),
    hint: `use --accumulate ${nearest}, or a batch size that is a multiple of ${accumulate}.`,
  });
}

/**
 * Throws `ANC_CONFIG` where a method's adversarial training would start after its last epoch, or where the weight of a
 * term would never be reached.
 */
export function checkStart(method: string, options: unknown, epochs: number): void {
  const { start, ...rest } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const begins = typeof start === 'number' ? start : 0;
  checkWarmup('dataWarmup', 'data term', rest.dataWarmup, { method, epochs, begins: 0 });
  checkWarmup('adversarialWarmup', 'adversarial term', rest.adversarialWarmup, { method, epochs, begins });
  if (begins < epochs) return;
  throw optionError(['objective', 'start'], `adversarial training of method "${method}" would never start.`, {
    expected: `less than the ${epochs} epochs of the run`,
    received: String(start),
    hint: 'use a smaller --start or more --epochs.',
  });
}

function checkWarmup(
  key: 'dataWarmup' | 'adversarialWarmup',
  term: string,
  warmup: unknown,
  { method, epochs, begins }: { method: string; epochs: number; begins: number },
): void {
  if (typeof warmup !== 'number' || warmup === 0 || begins >= epochs || begins + warmup <= epochs) return;
  const after = begins === 0 ? '' : `, of which it starts after ${begins}`;
  throw optionError(['objective', key], `the ${term} of method "${method}" would never reach its weight.`, {
    expected: `at most the ${epochs} epochs of the run${after}`,
    received: String(warmup),
    hint: 'warm up over fewer epochs, or train for more.',
  });
}
