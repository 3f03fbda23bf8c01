import { isAncError } from '@anc/core';
import { ladderFor } from '../budget/ladder.js';
import { candidatesOf } from '../budget/candidates.js';
import type { RunEvent } from '../events/events.js';
import type { RunOptions } from '../options/run-options.js';
import { planRun, type Plan, type PlanRequest } from '../planning/plan.js';
import { unusedNotice } from '../planning/unused-options.js';
import { anchored } from '../run/start.js';
import type { Named } from '../text/named.js';
import { costsOf, measurePlan, type MeasuredPlan } from './forecast-costs.js';
import type { CostAlternative, CostForecast } from './forecast.js';

type Notice = Extract<RunEvent, { type: 'notice' }>;

/** Views of the alternative with fewer of them. */
const FEW_VIEWS = 4;

/**
 * What a run will cost: it is planned, a few steps of every model are measured, and nothing is written. The alternatives are
 * the same run with a student of about half the FLOPs, and with four views of each image where it has more.
 *
 * @param planning seconds that the caller spent before
 * @throws what planning throws; the reason of `fetching.signal` where it is aborted
 */
export async function forecastRun(
  { cwd, ...given }: PlanRequest & { readonly cwd: string },
  planning = 0,
): Promise<CostForecast & { readonly notices: readonly Notice[] }> {
  const began = performance.now();
  const request = { ...given, options: anchored(given.options, cwd) };
  const plan = await planRun(request);
  try {
    const before = planning + (performance.now() - began) / 1000;
    const signal = given.fetching?.signal;
    const measured = await measurePlan(plan, { ...(signal && { signal }) });
    const costs = costsOf(measured, before);
    const alternatives: CostAlternative[] = [];
    if (plan.options.training.time === undefined) {
      const { views, mixesInBatch } = plan.data.augmentation;
      if (!mixesInBatch && (views === null || views > FEW_VIEWS))
        alternatives.push({ views: FEW_VIEWS, seconds: costsOf(measured, before, FEW_VIEWS).seconds });
      const smaller = await withSmaller(request, plan, measured, before);
      if (smaller !== null) alternatives.push(smaller);
    }
    const notices = [
      ...plan.unused.map(unusedNotice),
      ...plan.notices.map((message) => ({ type: 'notice', message }) as const),
    ];
    return { ...costs, alternatives, notices };
  } finally {
    await plan.dispose();
  }
}

/** The same run with a smaller student, of which one is measured; null where there is none. */
async function withSmaller(
  request: PlanRequest,
  plan: Plan,
  measured: MeasuredPlan,
  before: number,
): Promise<CostAlternative | null> {
  const signal = request.fetching?.signal;
  const student = await smallerStudent(plan, request);
  if (student === null) return null;
  const options: RunOptions = { ...request.options, student: { ...request.options.student, model: student } };
  const { maxParameters: _, maxFlops: __, maxBytes: ___, maxMs: ____, ...rest } = options.student;
  try {
    const other = await planRun({
      ...request,
      options: { ...options, student: rest },
      given: [...request.given, ['student', 'model']],
    });
    try {
      const [one] = (await measurePlan(other, { only: true, ...(signal && { signal }) })).models;
      const same = measured.models.find(({ model }) => model.name === one!.model.name)!;
      const ratio = (pick: (of: typeof same) => number): number => pick(one!) / Math.max(pick(same), 1e-9);
      const steps = ratio(({ stages }) => stages.reduce((sum, { step }) => sum + step, 0));
      const tests = ratio(({ test }) => test);
      const models = measured.models.map((each) =>
        each.model.name === 'teacher'
          ? each
          : {
              ...each,
              test: each.test * tests,
              held: each.held * tests,
              stages: each.stages.map((stage) => ({
                ...stage,
                step: stage.step * steps,
                cold: stage.step * steps + (stage.cold - stage.step),
              })),
            },
      );
      return { student, seconds: costsOf({ ...measured, models }, before).seconds };
    } finally {
      await other.dispose();
    }
  } catch (error) {
    if (isAncError(error)) return null; // it does not suit the run's methods
    throw error;
  }
}

/** The same model at half of its width, or else the largest network of at most half the FLOPs. */
async function smallerStudent({ students, data }: Plan, { composition }: PlanRequest): Promise<Named | null> {
  const { model, flops } = students[0]!.network;
  const environment = { input: data.dataset.shape, classes: data.dataset.classes.length };
  const { width = 1 } = model.options as { width?: unknown };
  const half =
    typeof width === 'number'
      ? await candidatesOf(
          [{ name: model.name, options: { ...model.options, width: width / 2 } }],
          environment,
          composition,
        )
      : [];
  const all =
    half.length > 0
      ? half
      : await candidatesOf(ladderFor(environment.input).preferred, environment, composition);
  const smaller = all.filter((one) => one.flops <= 0.6 * flops).sort((a, b) => b.flops - a.flops);
  return smaller[0]?.model ?? null;
}
