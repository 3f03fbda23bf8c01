import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AncError, type Tree } from '@anc/core';
import { taskOfDocument, type TaskDescription } from '@anc/core/internal';
import { RunFolder } from '@anc/runtime';
import { assertUnchanged, optionsOfModel } from '../files/recorded-options.js';
import { readOptions } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';
import { earlierStudentNames, studentNames } from '../options/student-names.js';
import { suggestion } from '../text/nearest.js';
import { KEPT_NETWORK } from '../files/kept-network.js';
import { placeOf, verifyModel, verifyPart } from '../files/verify.js';
import { WEIGHTS } from '../files/weights.js';
import { bestStudent, meanOfSeeds, type RankedStudent } from './best-student.js';

/** One trained network of a run. */
export interface FoundModel {
  /** Its weights file. */
  readonly path: string;
  readonly run: string;
  /** `teacher`, or the student's name. */
  readonly name: string;
  /** Which of several students was chosen, why, and how to choose another; null where there was no choice. */
  readonly choice: string | null;
  /** Those that it was trained with. */
  readonly options: RunOptions;
}

/** The method whose student is taken where nothing is measured of the students yet. */
const FIRST = 'adversarial';

/** Weights of a model beside its last ones: those of the best epoch, and their moving average. */
const VARIANTS = ['best', 'ema'] as const;

/**
 * The weights that a name selects in a run: `l2`, `teacher`, or with `l2/best` and `l2/ema` those of the best epoch on held-out
 * images and the moving average, where the run has them. Errors: as `findLastWeights`.
 */
export async function findModelInRun(
  named: string,
  selected: string | undefined,
  cwd: string,
): Promise<FoundModel | null> {
  const variant = VARIANTS.find((name) => selected?.endsWith(`/${name}`));
  if (variant === undefined) return findLastWeights(named, selected, cwd);
  const model = selected!.slice(0, -variant.length - 1);
  const found = await findLastWeights(named, model, cwd);
  if (found === null) return null;
  const place = dirname(found.path);
  const folder = await RunFolder.open(join(place, ...placeOf(found.name).map(() => '..')));
  if (await hasPart(folder, found.name, variant)) {
    await verifyPart(folder, [...placeOf(found.name), variant, WEIGHTS]);
  } else if (!(await hasWeights(join(place, variant)))) {
    throw new AncError('ANC_PLAYER', `${found.name} of the run "${named}" has no weights "${variant}".`, {
      expected: `training with ${variant === 'ema' ? '--ema' : '--validation'}, which writes them`,
      hint: `--select ${found.name} takes its last weights.`,
    });
  }
  await folder.checksums.verify([...placeOf(found.name), variant, WEIGHTS].join('/'));
  return { ...found, path: join(place, variant, WEIGHTS), name: `${found.name}/${variant}` };
}

/**
 * A run's or a comparison's best student by what does not look at test labels, or the selected model: `teacher`,
 * `student`, or a student's name. Null where `named` is no folder. Throws `ANC_RUN_MISSING`, `ANC_RUN_CONFIG`,
 * `ANC_RUN_CHANGED`, `ANC_RUN_DAMAGED`, and `ANC_PLAYER` where there is no such model.
 */
async function findLastWeights(
  named: string,
  selected: string | undefined,
  cwd: string,
): Promise<FoundModel | null> {
  const path = resolve(cwd, named);
  if (!(await stat(path).catch(() => null))?.isDirectory()) return null;
  const seeds = await seedsOf(path);
  if (seeds.length > 0) return findInComparison(path, named, seeds, selected, cwd);
  const trained = await trainedIn(path);
  const { folder, students, results, primary, teachers, options, nameOf } = trained;
  const wanted = selected === undefined || selected === 'student' ? null : nameOf(selected);
  await assertNotLost(trained, wanted);
  const isRanked = wanted === null && students.length > 1 && results.length === students.length;
  const best = isRanked ? bestStudent(results, primary) : null;
  const fallback = students.includes(FIRST) ? FIRST : students.at(-1);
  const chosen = wanted ?? best?.name ?? fallback;
  if (chosen === undefined || ![...students, ...teachers].includes(chosen)) {
    throw noSuchModel(named, wanted, [...students, ...teachers]);
  }
  const place = placeOf(chosen);
  await verifyModel(folder, place);
  await folder.checksums.verify([...place, KEPT_NETWORK].join('/'));
  const isChoice = wanted === null && students.length > 1;
  return {
    path: join(path, ...place, WEIGHTS),
    run: basename(path),
    name: chosen,
    choice: isChoice
      ? `the student "${chosen}" of ${students.join(', ')}: ${best?.reason ?? (isRanked ? 'nothing was measured on images, so the last one is taken' : 'not all have a result yet')}; choose another with --select.`
      : null,
    options: await optionsOfModel(folder, options, chosen),
  };
}

/** The seeds of a comparison, by their folders; none where the folder is not one of a comparison. */
async function seedsOf(path: string): Promise<string[]> {
  if ((await stat(join(path, 'compare.yaml')).catch(() => null)) === null) return [];
  const entries = await readdir(path);
  const seeds = entries.flatMap((name) => /^seed-(\d+)$/.exec(name)?.[1] ?? []);
  return seeds.sort((a, b) => Number(a) - Number(b)).map((seed) => `seed-${seed}`);
}

/** The method that is best on average over the seeds, and of its students the best. */
async function findInComparison(
  path: string,
  named: string,
  seeds: readonly string[],
  selected: string | undefined,
  cwd: string,
): Promise<FoundModel | null> {
  if (selected === 'teacher') return findLastWeights(join(path, seeds[0]!), selected, cwd);
  const runs = await Promise.all(
    seeds.map(async (seed) => ({ seed, ...(await trainedIn(join(path, seed))) })),
  );
  const wanted = selected === undefined || selected === 'student' ? null : selected;
  for (const run of runs) await assertNotLost(run, wanted);
  const finished = runs.filter(
    ({ students, results }) => students.length > 0 && results.length === students.length,
  );
  const primary = finished[0]?.primary;
  const means = meanOfSeeds(
    finished.map(({ results }) => results),
    primary,
  );
  const best = wanted === null ? bestStudent(means, primary) : null;
  const method = wanted ?? best?.name;
  const ofMethod = finished.flatMap(({ seed, results }) =>
    results.filter(({ name }) => name === method).map((result) => ({ ...result, name: seed })),
  );
  const seed = bestStudent(ofMethod, primary);
  if (method === undefined || seed === null) {
    throw noSuchModel(named, wanted, [...means.map(({ name }) => name), 'teacher']);
  }
  const found = await findLastWeights(join(path, seed.name), method, cwd);
  const why = best === null ? '' : `; on average of ${finished.length} seeds ${best.reason}`;
  return {
    ...found!,
    run: join(basename(path), seed.name),
    choice:
      `the student "${method}" of ${seed.name}${why}; of its seeds, ${seed.reason}. Choose another with --select, or ` +
      `give the folder of a seed.`,
  };
}

/** What a run folder has trained. */
async function trainedIn(path: string) {
  const folder = await RunFolder.open(path);
  const options = readOptions(await folder.readConfig());
  await assertUnchanged(folder, options);
  const names = studentNames(options.methods);
  const earlier = earlierStudentNames(options.methods);
  const found = await Promise.all(names.map((name, i) => firstWithWeights(path, [name, earlier[i]!])));
  const students = found.filter((name) => name !== null);
  const results = await Promise.all(students.map((name) => resultOf(folder, name)));
  const teachers = (await hasWeights(join(path, 'teacher'))) ? ['teacher'] : [];
  /** The folder of a student, by its name there or by its method. */
  const nameOf = (name: string): string => found[earlier.indexOf(name)] ?? name;
  return {
    folder,
    options,
    names: [...names, ...earlier],
    students,
    results: results.filter((result) => result !== null),
    primary: taskOfDocument(await runDocument(folder)).metrics[0],
    teachers,
    nameOf,
  };
}

/**
 * A finished model without its weights is damaged, and not one that the run does not have. Without a `wanted` one this
 * concerns all students: another would be chosen instead. Throws `ANC_RUN_DAMAGED`.
 */
async function assertNotLost(
  { folder, names, students, teachers }: Awaited<ReturnType<typeof trainedIn>>,
  wanted: string | null,
): Promise<void> {
  const candidates = [...names, 'teacher'].filter((name) => name === wanted);
  const found = [...students, ...teachers];
  for (const name of wanted === null ? names : candidates)
    if (!found.includes(name)) await verifyModel(folder, placeOf(name));
}

/** What a run's result says of its task; nothing where it is not finished. */
const runDocument = async (folder: RunFolder): Promise<{ readonly task?: TaskDescription }> =>
  (await folder.readDocument(
    ['result.json'],
    (text) => JSON.parse(text) as { readonly task?: TaskDescription },
  )) ?? {};

/** The first of a student's names whose folder has weights: that of today, or that of earlier versions. */
async function firstWithWeights(run: string, names: readonly string[]): Promise<string | null> {
  for (const name of names) if (await hasWeights(join(run, 'student', name))) return name;
  return null;
}

/** Whether a model's result speaks of these weights. */
async function hasPart(folder: RunFolder, name: string, variant: 'best' | 'ema'): Promise<boolean> {
  const result = await folder.readDocument(
    [...placeOf(name), 'result.json'],
    (text) => JSON.parse(text) as Record<string, unknown>,
  );
  return result?.[variant] !== undefined;
}

/** What a student's result says that may choose it; null where there is no result yet. */
async function resultOf(folder: RunFolder, name: string): Promise<RankedStudent | null> {
  const result = await folder.readDocument(
    [...placeOf(name), 'result.json'],
    (text) => JSON.parse(text) as Record<string, unknown>,
  );
  if (result === null) return null;
  const { validationError, validation, agreement } = result;
  return {
    name,
    validationError: typeof validationError === 'number' ? validationError : null,
    ...(typeof validation === 'object' && { validation: validation as Tree<number> }),
    agreement: typeof agreement === 'number' ? agreement : undefined,
  };
}

function noSuchModel(named: string, wanted: string | null, known: readonly string[]): AncError {
  const hint = wanted === null ? null : suggestion(wanted, known);
  return new AncError('ANC_PLAYER', `the run "${named}" has no trained ${wanted ?? 'student'}.`, {
    expected: known.length === 0 ? 'a run that has finished a model' : `one of ${known.join(', ')}`,
    ...(hint === null ? {} : { hint }),
    ...(wanted === 'teacher'
      ? { hint: 'a teacher that was given as a file is not in the run: use that file.' }
      : {}),
  });
}

const hasWeights = async (path: string): Promise<boolean> =>
  (await stat(join(path, WEIGHTS)).catch(() => null)) !== null;
