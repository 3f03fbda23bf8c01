import { AncError } from '@anc/core';
import { describeNamed, type Named } from '../text/named.js';
import type { Candidate } from './candidates.js';
import { LIMITS, limitPath, type Limits } from './limits.js';
import { costsInWords, limitsInWords } from './words.js';

/** What a network costs. */
export interface Costs {
  /** Trainable parameters. */
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions, for one image. */
  readonly flops: number;
  /** Of parameters and running averages as float32. */
  readonly bytes: number;
  /** Milliseconds of a forward pass of one image; absent where it was not measured. */
  readonly ms?: number;
}

/** A network and what it costs. */
export interface Sized extends Costs {
  /** Its name and options. */
  readonly model: Named;
}

/** The network that was chosen for a budget, and why. */
export interface StudentChoice extends Sized {
  /** The budget. */
  readonly limits: Limits;
  /** How many networks take the images. */
  readonly considered: number;
  /** How many of them are within the limits that can be counted. */
  readonly fitting: number;
  /** The next best ones, of other families where there are some. */
  readonly others: readonly Sized[];
}

/** Candidates in the order of preference by family, and how the time of one is measured. */
export interface ChooseRequest {
  readonly limits: Limits;
  readonly preferred: readonly Candidate[];
  readonly others: readonly Candidate[];
  readonly measure: (candidate: Candidate) => Promise<number>;
}

const COUNTED = ['parameters', 'flops', 'bytes'] as const;

/**
 * The network that uses most of the budget: the greatest product of the shares of the limits that can be counted, or the
 * most FLOPs where time alone is limited; of the preferred families where one of their networks fits. Time is measured for
 * the best one, and where that is too slow, for a few others, by bisection over their FLOPs.
 *
 * @throws `ANC_BUDGET` where no network fits: it names the nearest
 */
export async function chooseWithin(request: ChooseRequest): Promise<StudentChoice> {
  const { limits, preferred, others } = request;
  const all = [...preferred, ...others];
  const fits = (candidate: Candidate): boolean => excessOf(candidate, limits) <= 1;
  const rank = (list: readonly Candidate[]): Candidate[] =>
    list.filter(fits).sort((a, b) => usageOf(b, limits) - usageOf(a, limits) || a.parameters - b.parameters);
  const ranked = [...rank(preferred), ...rank(others)];
  if (ranked.length === 0) throw infeasible(nearestOf(all, limits), limits, all.length);
  const measured = new Map<Candidate, number>();
  const chosen = limits.ms === undefined ? ranked[0]! : await fastEnough(request, measured, rank);
  const sized = (candidate: Candidate): Sized => sizedOf(candidate, measured.get(candidate));
  return {
    ...sized(chosen),
    limits,
    considered: all.length,
    fitting: ranked.length,
    others: otherFamilies(ranked, chosen).map(sized),
  };
}

/** The best-ranked network that is fast enough; of the other families where none of the preferred ones is. */
async function fastEnough(
  { limits, preferred, others, measure }: ChooseRequest,
  measured: Map<Candidate, number>,
  rank: (list: readonly Candidate[]) => readonly Candidate[],
): Promise<Candidate> {
  const isFast = async (candidate: Candidate): Promise<boolean> => {
    const ms = measured.get(candidate) ?? (await measure(candidate));
    measured.set(candidate, ms);
    return ms <= limits.ms!;
  };
  for (const ranked of [rank(preferred), rank(others)]) {
    if (ranked.length === 0) continue;
    if (await isFast(ranked[0]!)) return ranked[0]!;
    const byFlops = [...ranked].sort((a, b) => b.flops - a.flops); // time follows them, roughly
    for (let [low, high] = [0, byFlops.length - 1]; low <= high;) {
      const middle = Math.floor((low + high) / 2);
      if (await isFast(byFlops[middle]!)) high = middle - 1;
      else low = middle + 1;
    }
    const found = ranked.find((candidate) => (measured.get(candidate) ?? Infinity) <= limits.ms!);
    if (found !== undefined) return found;
  }
  const [fastest, ms] = [...measured].sort(([, a], [, b]) => a - b)[0]!;
  throw infeasible(sizedOf(fastest, ms), limits, preferred.length + others.length);
}

const sizedOf = (candidate: Candidate, ms?: number): Sized => ({
  model: candidate.model,
  parameters: candidate.parameters,
  flops: candidate.flops,
  bytes: candidate.bytes(),
  ...(ms === undefined ? {} : { ms }),
});

/** The greatest multiple of a limit that can be counted; bytes only where nothing else is exceeded, since they take long. */
function excessOf(candidate: Candidate, limits: Limits): number {
  const counted = Math.max(
    0,
    ...(['parameters', 'flops'] as const).map((limit) => candidate[limit] / (limits[limit] ?? Infinity)),
    (4 * candidate.parameters) / (limits.bytes ?? Infinity),
  );
  if (limits.bytes === undefined || counted > 1) return counted;
  return Math.max(counted, candidate.bytes() / limits.bytes);
}

/** How much of the budget a network uses. */
function usageOf(candidate: Candidate, limits: Limits): number {
  const limited = COUNTED.filter((limit) => limits[limit] !== undefined);
  if (limited.length === 0) return candidate.flops;
  const costs = { parameters: candidate.parameters, flops: candidate.flops };
  return limited.reduce(
    (product, limit) => product * ((limit === 'bytes' ? candidate.bytes() : costs[limit]) / limits[limit]!),
    1,
  );
}

/** The network that exceeds the limits least. */
function nearestOf(all: readonly Candidate[], limits: Limits): Sized | null {
  const [nearest] = [...all].sort((a, b) => excessOf(a, limits) - excessOf(b, limits));
  return nearest === undefined ? null : sizedOf(nearest);
}

/** The best of every other family, at most three; of the same family where there is no other. */
function otherFamilies(ranked: readonly Candidate[], chosen: Candidate): Candidate[] {
  const seen = new Set([chosen.model.name]);
  const found = ranked.filter(({ model }) => !seen.has(model.name) && seen.add(model.name));
  return (found.length > 0 ? found : ranked.filter((one) => one !== chosen)).slice(0, 3);
}

function infeasible(nearest: Sized | null, limits: Limits, considered: number): AncError {
  const exceeded =
    LIMITS.find((limit) => nearest !== null && (nearest[limit] ?? 0) > (limits[limit] ?? Infinity)) ??
    LIMITS.find((limit) => limits[limit] !== undefined)!;
  return new AncError('ANC_BUDGET', 'no network fits the budget.', {
    expected: `at most ${limitsInWords(limits)}`,
    received:
      nearest === null
        ? 'no network takes these images'
        : `${considered === 1 ? describeNamed(nearest.model) : `the nearest of ${considered} networks is ${describeNamed(nearest.model)}`}: ${costsInWords(nearest, {})}`,
    hint:
      considered === 1
        ? 'raise the limit, use smaller images, or leave out --student: then a network is chosen.'
        : 'raise the limit, use smaller images, or name a network with --student.',
    path: limitPath(exceeded),
    problem: 'no network fits the budget.',
  });
}
