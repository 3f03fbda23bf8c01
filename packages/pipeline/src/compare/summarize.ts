import type { Diagnostics, TaskMetric } from '@anc/core';
import {
  alarmsFor,
  metricFields,
  metricOf,
  taskEntry,
  taskOfDocument,
  type MetricFields,
  type TaskDescription,
} from '@anc/core/internal';
import type { RunResult, StudentResult } from '../events/documents.js';
import { nothingLearnedBySeeds } from '../run/nothing-learned.js';
import { isGenerating } from '../options/generated-presets.js';
import { AGREEMENT } from '../tasks/agreement.js';
import { formatShare } from '../text/format.js';
import type { ComparedMethod, CompareResult, DivergedMethod, Difference, Verdict } from './documents.js';
import { intervalOf, pairedInterval, type Interval } from './interval.js';

/** What a comparison knows of a method besides its results. */
export interface ComparedSetup {
  /** The student's name. */
  readonly name: string;
  /** As it was asked for, its own options included. */
  readonly method: string;
  readonly usesLabels: boolean;
}

/** What every method is held against, where it ran without labels. */
const REFERENCES = ['l2', 'kd', 'data-free-non-adversarial', 'few-images-alone'];

/** Whether a reference is one for any of these methods: those that generate images have controls of their own. */
const isReferenceOf = (reference: string, methods: readonly { readonly name: string }[]): boolean => {
  const family = ['data-free', 'few-images'].find((name) => reference.startsWith(name));
  return methods.some(({ name }) =>
    family === undefined ? !isGenerating({ name }) : name !== reference && name.startsWith(family),
  );
};

/** Brings the runs of several seeds together: same methods in the same order, same teacher, same images. */
export function summarize(
  runs: readonly RunResult[],
  all: readonly ComparedSetup[],
  folder: string,
  testImages: number,
  warnings: readonly string[] = [],
): CompareResult {
  const first = runs[0]!;
  const task = taskOfDocument(first);
  const [primary] = task.metrics;
  const diverged = all.flatMap((setup) => divergedOf(setup, runs));
  const contenders = all.filter(({ name }) => !diverged.some((other) => other.name === name));
  const results = contenders.map((setup) =>
    runs.map(({ students }) => students.find(({ name }) => name === setup.name)!),
  );
  const references = REFERENCES.flatMap((name) => {
    const found = results.findIndex((of, i) => of[0]!.method === name && !contenders[i]!.usesLabels);
    return found < 0 ? [] : [{ index: found, results: results[found]! }];
  });
  const methods = results.map((mine, index): ComparedMethod => {
    const { model, parameters, flops, bytes } = mine[0]!;
    const diagnostics = mine.flatMap((student) => student.diagnostics ?? []);
    const game = diagnostics.length === mine.length ? { game: meanGame(diagnostics) } : {};
    return {
      ...contenders[index]!,
      model,
      ...intervalFields(task, mine),
      agreement: intervalOf(agreementsOf(mine)),
      ...chanceOf(mine),
      seconds: intervalOf(mine.map(({ seconds }) => seconds)),
      parameters,
      flops,
      bytes,
      differences: references
        .filter((reference) => reference.index !== index)
        .map((reference) => compare(mine, reference.results, primary)),
      ...game,
    };
  });
  const seeds = runs.map(({ seed }) => seed);
  const interpretation = [
    ...diverged.map(divergenceInWords),
    ...contenders.flatMap(({ name }, i) => nothingLearnedBySeeds(name, seeds, results[i]!)),
    ...interpret(methods, results, runs.length, diverged),
    ...warnings,
  ];
  return {
    compare: folder,
    runs: runs.map(({ run }) => run),
    dataset: first.dataset,
    ...(first.transferDataset === undefined ? {} : { transferDataset: first.transferDataset }),
    backend: first.backend,
    seeds,
    testImages,
    ...taskEntry(task),
    ...(first.classes === undefined ? {} : { classes: first.classes }),
    teacher: first.teacher,
    methods,
    ...(diverged.length === 0 ? {} : { diverged }),
    interpretation,
    reading: interpretation,
  };
}

/** What chance reaches: of results that have it, and of earlier versions nothing. */
function chanceOf(students: readonly StudentResult[]): Pick<ComparedMethod, 'agreementBaseline' | 'kappa'> {
  const { agreementBaseline } = students[0]!;
  const kappas = students.flatMap(({ kappa }) => kappa ?? []);
  return {
    ...(agreementBaseline === undefined ? {} : { agreementBaseline }),
    ...(kappas.length === students.length ? { kappa: intervalOf(kappas) } : {}),
  };
}

/** A method of which a seed's student diverged. Intervals over the other seeds alone would be of chosen results. */
function divergedOf(setup: ComparedSetup, runs: readonly RunResult[]): DivergedMethod[] {
  const failed = runs.flatMap(({ seed, diverged = [] }) => {
    const found = diverged.find(({ name }) => name === setup.name);
    return found === undefined ? [] : [{ seed, message: found.message }];
  });
  if (failed.length === 0) return [];
  return [{ ...setup, seeds: failed.map(({ seed }) => seed), message: failed[0]!.message }];
}

const divergenceInWords = ({ name, seeds, message }: DivergedMethod): string =>
  `${name}: diverged with ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}, so no interval of it or against it is given (${message.replace(/\.$/, '')}).`;

/** A metric of every seed's student; null where one has none. */
function valuesOf(students: readonly StudentResult[], metric: TaskMetric): number[] | null {
  const values = students.flatMap((student) => metricOf(student, metric) ?? []);
  return values.length === students.length ? values : null;
}

/** The intervals of the task's metrics, in the fields that results have them in. */
function intervalFields(task: TaskDescription, students: readonly StudentResult[]): MetricFields<Interval> {
  const known = task.metrics.flatMap((metric) => {
    const values = valuesOf(students, metric);
    return values === null ? [] : [[metric.name, intervalOf(values)] as const];
  });
  return metricFields(task, Object.fromEntries(known));
}

/** A comparison has test images, so every student was compared with the teacher. */
const agreementsOf = (students: readonly StudentResult[]): number[] =>
  students.map(({ agreement }) => agreement!);

function compare(
  mine: readonly StudentResult[],
  reference: readonly StudentResult[],
  primary: TaskMetric,
): Difference {
  const [values, others] = [valuesOf(mine, primary), valuesOf(reference, primary)];
  const isMeasured = values !== null && others !== null;
  const metric = isMeasured ? primary : AGREEMENT;
  const difference = isMeasured
    ? pairedInterval(values, others)
    : pairedInterval(agreementsOf(mine), agreementsOf(reference));
  const to = reference[0]!.name;
  const verdict = verdictOf(difference, metric);
  return { to, what: metric.name, difference, verdict, text: inWords(verdict, to, difference, metric) };
}

/** Half a width that rounding alone makes. */
const EQUAL = 1e-9;

/** What a paired difference shows. */
export function verdictOf(
  { mean, margin }: Difference['difference'],
  { better }: Pick<TaskMetric, 'better'>,
): Verdict {
  if (margin === null) return 'one-seed';
  // Equal differences of all seeds, often one and the same image: how much they vary is not known then.
  if (margin < EQUAL) return 'not-distinguishable';
  if (Math.abs(mean) <= margin) return 'not-distinguishable';
  return mean < 0 === (better === 'lower') ? 'better' : 'worse';
}

/** e.g. `not distinguishable from l2 (+0.12 ± 0.40)`, in percentage points where it is of shares. */
export function inWords(
  verdict: Verdict,
  to: string,
  difference: Difference['difference'],
  metric: Pick<TaskMetric, 'unit'> = AGREEMENT,
): string {
  const points = formatPoints(difference, metric);
  switch (verdict) {
    case 'one-seed':
      return `one seed decides nothing against ${to} (${points})`;
    case 'not-distinguishable':
      return `not distinguishable from ${to} (${points})`;
    default:
      return `${verdict} than ${to} (${points})`;
  }
}

/** `+0.12 ± 0.40`, in percentage points where it is of shares; without the interval where that is wider than shares can differ. */
export function formatPoints(
  { mean, margin }: Difference['difference'],
  { unit = 'share' }: Pick<TaskMetric, 'unit'> = AGREEMENT,
): string {
  const shown = (value: number): string =>
    unit === 'share' ? (100 * value).toFixed(2) : String(Number(value.toPrecision(4)));
  const signed = mean >= 0 ? `+${shown(mean)}` : shown(mean);
  return margin === null || (unit === 'share' && margin > 1) ? signed : `${signed} ± ${shown(margin)}`;
}

const meanOf = (values: readonly number[]): number => intervalOf(values).mean;

const meanGame = (all: readonly Diagnostics[]): NonNullable<ComparedMethod['game']> => ({
  auc: meanOf(all.map(({ auc }) => auc)),
  gradientRatio: meanOf(all.map(({ gradientRatio }) => gradientRatio)),
  gradientCosine: meanOf(all.map(({ gradientCosine }) => gradientCosine)),
});

function interpret(
  methods: readonly ComparedMethod[],
  results: readonly (readonly StudentResult[])[],
  seeds: number,
  diverged: readonly DivergedMethod[],
): string[] {
  const made = methods.flatMap(({ differences }) => differences);
  const missing = REFERENCES.filter(
    (name) =>
      isReferenceOf(name, [...methods, ...diverged]) &&
      !methods.some((method) => method.name === name && !method.usesLabels) &&
      !made.some(({ to }) => to === name) &&
      !(diverged.length > 0 && [...methods, ...diverged].some((method) => method.name === name)),
  );
  return [
    ...methods.flatMap(({ name, differences }, i) =>
      differences.filter(({ to }) => !isMirrored(methods, i, to)).map(({ text }) => `${name}: ${text}.`),
    ),
    ...results.flatMap((of) => activity(of)),
    ...missing.map(
      (name) =>
        `Nothing is held against ${name}: add it to --methods${name === 'kd' ? ' (without labels)' : ''}.`,
    ),
    seeds === 1
      ? 'One seed has no interval: give --seeds 3 or more.'
      : 'Intervals are 95 % t-intervals over the seeds of the students. Teacher, training images and test images are the same throughout: they say nothing of another teacher or of other data.',
    ...(seeds === 2
      ? [
          'Two seeds give wide intervals; one beyond 0 to 100 % is left out of the table. Give --seeds 3 or more.',
        ]
      : []),
    ...(seeds > 1 && made.length > 1
      ? [`Of ${made.length} differences, about one in twenty looks distinguishable by chance alone.`]
      : []),
  ];
}

/** Whether a later method says the same the other way round. */
const isMirrored = (methods: readonly ComparedMethod[], index: number, to: string): boolean =>
  methods
    .slice(index + 1)
    .some((other) => other.name === to && other.differences.some((one) => one.to === methods[index]!.name));

/** In how many seeds the game was off, where it was. */
function activity(students: readonly StudentResult[]): string[] {
  const counts = new Map<string, number>();
  for (const { diagnostics } of students) {
    for (const { code } of diagnostics === undefined ? [] : alarmsFor(diagnostics)) {
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
  }
  return [...counts].map(
    ([code, count]) =>
      `${students[0]!.name}: ${ALARMS[code] ?? code} in ${count} of ${students.length} ${students.length === 1 ? 'seed' : 'seeds'} (last epoch).`,
  );
}

const ALARMS: Readonly<Record<string, string>> = {
  'adversarial-inactive': 'the adversarial term was inactive',
  'adversarial-harmful': 'the adversarial term led, and against the data term,',
  'discriminator-won': 'the discriminator had won',
};

/** Whether an interval of a share says nothing: of two seeds, and with values that no share has. */
const saysNothing = ({ mean, margin, values }: Interval): boolean =>
  margin !== null && values.length === 2 && (mean - margin < 0 || mean + margin > 1);

/** `8.31 ± 0.12 %`; the mean alone where two seeds give an interval beyond 0 to 100 %. */
export function formatInterval(
  interval: Interval | null,
  { unit = 'share' }: Pick<TaskMetric, 'unit'> = AGREEMENT,
): string {
  if (interval === null) return '–';
  const { mean, margin } = interval;
  if (unit === 'number') {
    const shown = [mean, ...(margin === null ? [] : [margin])].map((value) => Number(value.toPrecision(4)));
    return shown.join(' ± ');
  }
  return margin === null || saysNothing(interval)
    ? formatShare(mean)
    : `${(100 * mean).toFixed(2)} ± ${(100 * margin).toFixed(2)} %`;
}
