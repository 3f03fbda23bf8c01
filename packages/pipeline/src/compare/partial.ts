import { join } from 'node:path';
import type { TaskMetric } from '@anc/core';
import { metricOf, taskOfDocument } from '@anc/core/internal';
import { RunFolder } from '@anc/runtime';
import type { ModelResult } from '../events/documents.js';
import { placeOf as placeOfModel } from '../files/verify.js';
import { finishedJob, jobsFolder, runOf } from '../jobs/claims.js';
import type { JobsPlace } from '../jobs/job.js';
import { studentNames } from '../options/student-names.js';
import type { PartialResult } from '../jobs/partial-result.js';
import { formatMetric, formatSeconds } from '../text/format.js';
import { studentJob, type StudentOutcome } from './adopt.js';
import { exists, readRecord, RESULT, seedFolder } from './folder.js';
import { intervalOf } from './interval.js';
import { formatInterval } from './summarize.js';

type StudentResult = ModelResult & { readonly agreement: number };

/** A student of a seed: its result, that its training diverged, or null where it is not finished. */
type Outcome = StudentResult | 'diverged' | null;

/** The result of a model in a run folder; null where there is none yet. */
async function resultIn<T extends ModelResult>(folder: string, model: string): Promise<T | null> {
  if (!(await exists(join(folder, ...placeOfModel(model), RESULT)))) return null;
  const run = await RunFolder.open(folder);
  return run.readDocument([...placeOfModel(model), RESULT], (text) => JSON.parse(text) as T);
}

/** The outcome of a student, from the run of its seed or from the job that trained it. */
async function outcomeOf(path: string, place: JobsPlace, seed: number, student: string): Promise<Outcome> {
  const own = await resultIn<StudentResult>(seedFolder(path, seed), student);
  if (own !== null) return own;
  const job = studentJob(place, seed, student);
  const finished = await finishedJob<StudentOutcome>(place.folder, job);
  if (finished === null) return null;
  return finished.diverged === null ? resultIn<StudentResult>(runOf(place.folder, job), student) : 'diverged';
}

/** The metrics of some results: those of classifiers, or those by name that results of other tasks have. */
function metricsOf(results: readonly ModelResult[]): readonly TaskMetric[] {
  const names = new Set(results.flatMap(({ metrics = {} }) => Object.keys(metrics)));
  if (names.size === 0) return taskOfDocument({}).metrics;
  return [...names].map((name) => ({ name, better: 'lower', unit: 'number' }));
}

/**
 * What is finished of a comparison: the teacher, and of every method the seeds that are. Differences need all seeds, so they are
 * left to the end.
 *
 * @param place where its jobs are claimed
 */
export async function partialComparison(
  path: string,
  place: JobsPlace = { folder: jobsFolder(path), prefix: '' },
): Promise<PartialResult> {
  const { options, seeds } = await readRecord(path, {});
  const students = studentNames(options.methods);
  const teacher = await resultIn(seedFolder(path, seeds[0]!), 'teacher');
  const outcomes = await Promise.all(
    students.map((student) => Promise.all(seeds.map((seed) => outcomeOf(path, place, seed, student)))),
  );
  const measured = [teacher, ...outcomes.flat()].filter((one) => one !== null && one !== 'diverged');
  const columns = metricsOf(measured).filter(
    (metric) => metric.inTables !== false && measured.some((one) => metricOf(one, metric) !== null),
  );
  const rows = students.map((student, i) => {
    const finished = outcomes[i]!.filter((outcome) => outcome !== null);
    const results = finished.filter((outcome) => outcome !== 'diverged');
    const over = (values: readonly (number | null)[]) => {
      const known = values.filter((value) => value !== null);
      return known.length === 0 ? null : intervalOf(known);
    };
    const diverged = finished.length - results.length;
    return [
      student,
      `${finished.length} of ${seeds.length}${diverged === 0 ? '' : `, ${diverged} diverged`}`,
      ...columns.map((metric) => formatInterval(over(results.map((one) => metricOf(one, metric))), metric)),
      formatInterval(over(results.map(({ agreement }) => agreement))),
      results.length === 0 ? '' : formatSeconds(intervalOf(results.map(({ seconds }) => seconds)).mean),
    ];
  });
  const ofTeacher =
    teacher === null
      ? ['teacher', '', ...columns.map(() => ''), '', '']
      : [
          `teacher (${teacher.model})`,
          '',
          ...columns.map((metric) => formatMetric(metricOf(teacher, metric), metric)),
          '',
          formatSeconds(teacher.seconds),
        ];
  const isMade = (outcome: Outcome): boolean => outcome !== null;
  return {
    trainings: {
      finished: Number(teacher !== null) + outcomes.flat().filter(isMade).length,
      total: 1 + students.length * seeds.length,
    },
    sections: [
      {
        title: 'What is finished',
        table: {
          head: ['method', 'seeds', ...columns.map(({ name, label = name }) => label), 'agreement', 'time'],
          rows: [ofTeacher, ...rows],
        },
        lines: ['Methods are compared when every seed is finished.'],
      },
    ],
  };
}
