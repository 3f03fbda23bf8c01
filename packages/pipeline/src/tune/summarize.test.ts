import { describe, expect, it } from 'vitest';
import { taskOfDocument } from '@anc/core/internal';
import type { PlannedModel } from '../planning/plan.js';
import type { TrialResult } from './documents.js';
import { AGREEMENT } from '../tasks/agreement.js';
import { scoreOf, summarizeTuning, triesInWords, type Candidate } from './summarize.js';

const task = taskOfDocument({});
const [primary] = task.metrics;

const trial = (
  learningRate: number,
  agreement: number | null,
  { error = null, seed = 1 }: { error?: number | null; seed?: number } = {},
): TrialResult => ({ setting: { learningRate }, seed, agreement, error, seconds: 1 });

interface Given {
  readonly rates?: Readonly<Record<number, number | null>>;
  readonly confirmed?: readonly (number | null)[];
  readonly options?: object;
  readonly usesLabels?: boolean;
}

/** A method with trials `rate -> agreement` and the agreements of its confirmation. */
function candidate(
  name: string,
  { rates = { 0.1: 0.5, 0.2: 0.9, 0.4: 0.6 }, confirmed = [], options = {}, usesLabels = false }: Given = {},
): Candidate {
  const tries = Object.entries(rates).map(([rate, agreement]) => trial(Number(rate), agreement));
  const best = [...tries].sort((a, b) => scoreOf(b, AGREEMENT) - scoreOf(a, AGREEMENT))[0]!;
  return {
    model: { name, method: { name, options: {} }, options } as unknown as PlannedModel,
    described: name,
    usesLabels,
    by: 'agreement',
    tries,
    best: best.agreement === null ? null : best,
    confirmations: confirmed.map((agreement, i) => trial(0.2, agreement, { seed: 2 + i, error: 0.25 })),
  };
}

const summarize = (candidates: readonly Candidate[], confirm = 0) =>
  summarizeTuning(candidates, {
    tune: 'runs/tune-1',
    found: 'runs/tune-1/tuned.yaml',
    dataset: 'corners',
    seed: 5,
    backend: 'one',
    images: { training: 40, held: 8 },
    teacherError: 0.1,
    task,
    record: { learningRates: [0.1, 0.2, 0.4], temperatures: [], budget: 3, confirm, given: [] },
  });

describe('scoreOf', () => {
  it('is the share of right answers or the agreement; a trial that diverged comes last', () => {
    expect(scoreOf(trial(0.1, 0.75, { error: 0.5 }), AGREEMENT)).toBe(0.75);
    expect(scoreOf(trial(0.1, 0.75, { error: 0.25 }), primary)).toBe(0.75);
    expect(scoreOf(trial(0.1, null), AGREEMENT)).toBe(-Infinity);
    expect(scoreOf(trial(0.1, 0.75), primary)).toBe(-Infinity);
  });
});

describe('summarizeTuning', () => {
  it('keeps every trial and the best, and counts the seeds of the confirmation from the next one', () => {
    const result = summarize([candidate('l2')], 2);
    expect(result).toMatchObject({
      tune: 'runs/tune-1',
      seed: 5,
      confirmationSeeds: [6, 7],
      trainingImages: 40,
      heldOutImages: 8,
    });
    expect(result.methods[0]!.tries).toHaveLength(3);
    expect(result.methods[0]!.best).toMatchObject({ setting: { learningRate: 0.2 }, agreement: 0.9 });
    expect(result.reading).toEqual(result.interpretation);
  });

  it('says where the best rate is at the edge of what was tried, and where all trials diverged', () => {
    const { interpretation } = summarize([
      candidate('l2', { rates: { 0.1: 0.9, 0.2: 0.5 } }),
      candidate('kd', { rates: { 0.1: 0.5, 0.2: 0.9 } }),
      candidate('dkd', { rates: { 0.1: 0.5, 0.2: 0.9, 0.4: 0.6 } }),
      candidate('adversarial', { rates: { 0.1: null } }),
    ]);
    expect(interpretation.slice(0, 3)).toEqual([
      'l2: its best learning rate, 0.1, is the lowest it tried: list more of them.',
      'kd: its best learning rate, 0.2, is the highest it tried: list more of them.',
      'adversarial: every try diverged: list lower --learning-rates.',
    ]);
  });

  it('compares confirmed methods with the controls of the list, seed by seed', () => {
    const { methods } = summarize(
      [
        candidate('l2', { confirmed: [0.5, 0.51, 0.52] }),
        candidate('fitnets', { confirmed: [0.6, 0.61, 0.623] }),
      ],
      3,
    );
    const [l2, fitnets] = methods;
    expect(l2!.differences).toEqual([]);
    expect(fitnets!.confirmed!.agreement.mean).toBeCloseTo(0.611, 12);
    expect(fitnets!.confirmed!.error!.mean).toBe(0.25);
    expect(fitnets!.differences).toMatchObject([{ to: 'l2', what: 'agreement', verdict: 'better' }]);
    expect(fitnets!.differences[0]!.difference.mean).toBeCloseTo(0.101, 12);
  });

  it('confirms nothing where a seed diverged', () => {
    const { methods } = summarize(
      [candidate('l2', { confirmed: [0.5, 0.5] }), candidate('fitnets', { confirmed: [0.6, null] })],
      2,
    );
    expect(methods[1]).toMatchObject({ confirmed: null, differences: [] });
  });

  it('takes no method with labels for a control', () => {
    const { methods } = summarize(
      [
        candidate('kd', { confirmed: [0.5, 0.5], usesLabels: true }),
        candidate('fitnets', { confirmed: [0.6, 0.6] }),
      ],
      2,
    );
    expect(methods.map(({ differences }) => differences)).toEqual([[], []]);
  });

  it('says whether an adversarial term beats its own data term without it', () => {
    const options = { adversarialWeight: 1, dataTerm: { name: 'l2', options: {} } };
    const against = (confirmed: readonly number[]): string[] =>
      summarize(
        [candidate('l2', { confirmed: [0.5, 0.51, 0.52] }), candidate('adversarial', { options, confirmed })],
        3,
      ).interpretation.filter((line) => line.startsWith('The adversarial term'));
    expect(against([0.6, 0.61, 0.623])).toEqual([
      'The adversarial term of adversarial: it beats all of its controls here (l2).',
    ]);
    expect(against([0.4, 0.41, 0.423])).toEqual([
      'The adversarial term of adversarial: it does not beat l2 here: leave it off.',
    ]);
  });

  it.each([
    [0, /best of several by chance/],
    [1, /One fresh seed has no interval/],
    [3, /95 % t-interval/],
  ])('says what %i fresh seeds are worth', (confirm, caveat) => {
    expect(summarize([candidate('l2')], confirm).interpretation.at(-1)).toMatch(caveat);
  });
});

it('triesInWords lists trials by ascending rates', () => {
  const { methods } = summarize([candidate('l2', { rates: { 0.4: null, 0.1: 0.5 } })]);
  expect(triesInWords(methods[0]!, {})).toMatch(/^.*0\.1.*: 50\.00 %; .*0\.4.*: diverged$/);
});
