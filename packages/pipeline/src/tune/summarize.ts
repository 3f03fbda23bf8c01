import type { TaskMetric } from '@anc/core';
import { taskEntry, taskOfDocument, type TaskDescription } from '@anc/core/internal';
import { intervalOf, pairedInterval, type Interval } from '../compare/interval.js';
import type { Difference } from '../compare/documents.js';
import { inWords, verdictOf } from '../compare/summarize.js';
import { AGREEMENT } from '../tasks/agreement.js';
import { controlName, dataTermOf } from '../run/control.js';
import type { PlannedModel } from '../planning/plan.js';
import { formatMetric } from '../text/format.js';
import type { TrialResult, TunedMethod, TuneResult } from './documents.js';
import type { TuneRecord } from './folder.js';
import { measuredFields, measuredValue } from './measured.js';
import { describeSetting } from './settings.js';

/** One method with everything that was trained for it. */
export interface Candidate {
  readonly model: PlannedModel;
  /** The method as it was asked for. */
  readonly described: string;
  readonly usesLabels: boolean;
  readonly by: TunedMethod['by'];
  readonly tries: readonly TrialResult[];
  readonly best: TrialResult | null;
  readonly confirmations: readonly TrialResult[];
}

interface TuningFacts {
  readonly tune: string;
  readonly found: string;
  readonly dataset: string;
  readonly seed: number;
  readonly backend: string;
  readonly images: { readonly training: number; readonly held: number };
  readonly teacherError: number | null;
  readonly teacherMetrics?: NonNullable<TuneResult['teacherMetrics']>;
  readonly task: TaskDescription;
  readonly record: TuneRecord;
}

/** What a try is chosen by: more is better. Training that diverged is never chosen. */
export function scoreOf(result: TrialResult, by: TaskMetric): number {
  const value = trialValue(result, by);
  if (value === null) return -Infinity;
  return by.better === 'higher' ? value : 1 - value;
}

/** What a try was chosen by, agreement included; null where training diverged. */
const trialValue = (result: TrialResult, by: TaskMetric): number | null =>
  by.name === AGREEMENT.name ? result.agreement : measuredValue(result, by);

/** Controls of any adversarial term: what is left of it without an adversary. */
const ADVERSARIES = ['adversarial-dead', 'adversarial-frozen', 'dropout-noise'];

/** What methods are held against. */
const CONTROLS = ['l2', 'kd', 'dkd', ...ADVERSARIES];

export function summarizeTuning(candidates: readonly Candidate[], facts: TuningFacts): TuneResult {
  const { record, images, seed, task } = facts;
  const methods = candidates.map((candidate): TunedMethod => ({
    name: candidate.model.name,
    method: candidate.described,
    usesLabels: candidate.usesLabels,
    by: candidate.by,
    tries: candidate.tries,
    best: candidate.best,
    confirmed: confirmedOf(candidate.confirmations, task),
    differences: isControl(candidate)
      ? []
      : candidates.filter(isControl).flatMap((control) => difference(candidate, control)),
  }));
  const interpretation = [
    ...methods.flatMap((method) => edge(method)),
    ...methods.flatMap((method, i) => worth(method, candidates[i]!)),
    ...caveats(record),
  ];
  return {
    tune: facts.tune,
    dataset: facts.dataset,
    backend: facts.backend,
    seed,
    confirmationSeeds: Array.from({ length: record.confirm }, (_, i) => seed + i + 1),
    trainingImages: images.training,
    heldOutImages: images.held,
    teacherError: facts.teacherError,
    ...(facts.teacherMetrics && { teacherMetrics: facts.teacherMetrics }),
    ...taskEntry(task),
    found: facts.found,
    methods,
    interpretation,
    reading: interpretation,
  };
}

const isControl = ({ model, usesLabels }: Candidate): boolean =>
  !usesLabels && CONTROLS.includes(model.method.name);

/** null without seeds of their own, or where one of them diverged. */
function confirmedOf(confirmations: readonly TrialResult[], task: TaskDescription): TunedMethod['confirmed'] {
  const agreement = intervalIn(confirmations, AGREEMENT);
  if (agreement === null) return null;
  return { agreement, ...measuredFields(task, intervalIn(confirmations, task.metrics[0])) };
}

function intervalIn(results: readonly TrialResult[], metric: TaskMetric): Interval | null {
  const values = results.flatMap((result) => trialValue(result, metric) ?? []);
  return values.length > 0 && values.length === results.length ? intervalOf(values) : null;
}

/** Agreement minus a control's, over the seeds of the confirmation. */
function difference(candidate: Candidate, control: Candidate): Difference[] {
  const [mine, other] = [candidate, control].map(({ confirmations }) => intervalIn(confirmations, AGREEMENT));
  if (!mine || !other) return [];
  const paired = pairedInterval(mine.values, other.values);
  const verdict = verdictOf(paired, AGREEMENT);
  const to = control.model.name;
  return [{ to, what: 'agreement', difference: paired, verdict, text: inWords(verdict, to, paired) }];
}

/** Says where the best rate is the lowest or highest that was tried, or none was any good. */
function edge({ name, tries, best }: TunedMethod): string[] {
  if (best === null) return [`${name}: every try diverged: list lower --learning-rates.`];
  const rates = tries.map(({ setting }) => setting.learningRate);
  const rate = best.setting.learningRate;
  if (new Set(rates).size < 2 || (rate > Math.min(...rates) && rate < Math.max(...rates))) return [];
  const where = rate === Math.min(...rates) ? 'lowest' : 'highest';
  return [`${name}: its best learning rate, ${rate}, is the ${where} it tried: list more of them.`];
}

/** Whether an adversarial term earned its place: against its own data term, and what is left without an adversary. */
function worth({ name, differences }: TunedMethod, { model }: Candidate): string[] {
  const said = differences.map(({ text }) => `${name}: ${text}, held-out agreement.`);
  const options = (model.options ?? {}) as Readonly<Record<string, unknown>>;
  const term = dataTermOf({ options });
  if (!('adversarialWeight' in options) || term === null) return said;
  const own = [controlName(term.name), ...ADVERSARIES];
  const faced = differences.filter(({ to }) => own.includes(to));
  if (faced.length === 0) return said;
  const lost = faced.filter(({ verdict }) => verdict !== 'better').map(({ to }) => to);
  const verdict =
    lost.length === 0
      ? `it beats all of its controls here (${faced.map(({ to }) => to).join(', ')})`
      : `it does not beat ${lost.join(', ')} here: leave it off`;
  return [...said, `The adversarial term of ${name}: ${verdict}.`];
}

const caveats = ({ confirm }: TuneRecord): string[] => [
  'Everything was judged on held-out training images; the test images were not opened. Methods that read no labels were chosen by their agreement with the teacher.',
  ...(confirm === 0
    ? ['A best try is the best of several by chance, too: --confirm 3 trains it with fresh seeds.']
    : confirm === 1
      ? ['One fresh seed has no interval: --confirm 3 or more.']
      : ['± is a 95 % t-interval over fresh seeds, for one teacher and these held-out images.']),
];

/** `0.001: 88.10 %, 0.002: 89.24 %`, by ascending rates. */
export function triesInWords({ tries, by }: TunedMethod, result: Pick<TuneResult, 'task'>): string {
  const [primary] = taskOfDocument(result).metrics;
  const metric = by === primary.name ? primary : AGREEMENT;
  return [...tries]
    .sort((a, b) => a.setting.learningRate - b.setting.learningRate)
    .map((one) => {
      const shown = one.agreement === null ? 'diverged' : formatMetric(trialValue(one, metric), metric);
      return `${describeSetting(one.setting)}: ${shown}`;
    })
    .join('; ');
}
