import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import { Checksums, createFolder, RunFolder } from '@anc/runtime';
import { whileLocked } from '../files/folder-lock.js';
import { assertUnchanged } from '../files/recorded-options.js';
import { ifMissing, lostRecord } from '../files/missing-record.js';
import { verifyModel } from '../files/verify.js';
import { stringify } from 'yaml';
import { readOptions, recordedOptions, resumedOptions } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';
import { yamlValue } from '../text/read-yaml.js';

export const RECORD = 'compare.yaml';
/** The document at the end of a comparison. */
export const DOCUMENT = 'compare.json';
/** The page beside it. */
export const REPORT = 'report.html';
/** The last file of a run, and of a model. */
export const RESULT = 'result.json';

/** What a comparison is made of: the options of all its runs, and their seeds. */
export interface CompareRecord {
  readonly options: RunOptions;
  readonly seeds: readonly number[];
}

export const seedFolder = (folder: string, seed: number): string => join(folder, `seed-${seed}`);

/** Text that `readRecord` reads back. */
export const formatRecord = ({ options, seeds }: CompareRecord): string =>
  stringify({ seeds: [...seeds], options: recordedOptions(options) });

/**
 * Reads the record of an interrupted comparison. `changes` may alter what results do not depend on. Throws
 * `ANC_COMPARE_MISSING`, `ANC_RUN_CONFIG` or `ANC_CONFIG`.
 */
export async function readRecord(
  path: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<CompareRecord> {
  const text = await new Checksums(path).readText(RECORD);
  if (text === null) {
    const lost = await lostRecord(path, RECORD);
    if (lost !== null) throw lost;
    throw new AncError('ANC_COMPARE_MISSING', `"${path}" is not the folder of a comparison.`, {
      expected: `a folder with ${RECORD} in it`,
      ...(await ifMissing(path)),
      hint: 'give the folder that `anc-cli compare` printed.',
    });
  }
  const { seeds, options } = (yamlValue(text) ?? {}) as { seeds?: unknown; options?: unknown };
  const hasSeeds = Array.isArray(seeds) && seeds.length > 0 && seeds.every((seed) => Number.isInteger(seed));
  if (!hasSeeds || options === undefined) {
    throw new AncError('ANC_RUN_CONFIG', `${join(path, RECORD)} is damaged.`, {
      expected: 'seeds and options as the comparison wrote them',
      hint: 'restore the file from a copy, or start a new comparison.',
    });
  }
  return { options: resumedOptions(changes, stringify(options)), seeds: seeds as number[] };
}

export async function writeRecord(path: string, record: CompareRecord): Promise<void> {
  await createFolder(path, { [RECORD]: formatRecord(record) });
}

/**
 * Records other seeds, and leaves the rest as it stands. The document and the report of the former seeds are removed first: they
 * are made again from the runs. Throws `ANC_RUN_BUSY` while another process brings results together.
 */
export async function recordSeeds(path: string, seeds: readonly number[]): Promise<void> {
  await whileLocked(path, RECORD, async () => {
    const checksums = new Checksums(path);
    const before = yamlValue((await checksums.readText(RECORD)) ?? '') as Record<string, unknown>;
    for (const name of [DOCUMENT, REPORT]) await rm(join(path, name), { force: true });
    await checksums.write(RECORD, stringify({ ...before, seeds }));
  });
}

/**
 * Checks that a folder holds the run of a seed of this comparison, with the options that it began with.
 *
 * @throws `ANC_RUN_DAMAGED` where it is another run, `ANC_RUN_CHANGED` where its options were edited.
 */
export async function assertSeedRun(path: string, { options }: CompareRecord, seed: number): Promise<void> {
  const run = await RunFolder.open(path);
  const own = readOptions(await run.readConfig());
  await assertUnchanged(run, own);
  const [expected, received] = [{ ...options.training, seed }, own.training].map(describeTraining);
  if (expected === received) return;
  const folder = shellQuoted(path);
  throw new AncError('ANC_RUN_DAMAGED', `${join(path, 'config.resolved.yaml')} is of another run.`, {
    expected: expected!,
    received: received!,
    hint: `restore the run of this seed; or remove the folder ${folder} and continue with anc-cli compare --resume ${shellQuoted(dirname(path))}: it is trained again.`,
  });
}

const describeTraining = ({ seed, epochs, batchSize }: RunOptions['training']): string =>
  `seed ${seed}, ${epochs} epochs, batches of ${batchSize}`;

/**
 * Copies the teacher that another run trained into a run folder; a given teacher needs no copy. Throws `ANC_RUN_DAMAGED`
 * where the source is.
 */
export const copyTeacher = (from: RunFolder, to: RunFolder): Promise<void> =>
  copyModel(from, to, ['teacher']);

/**
 * Copies a finished model of another run that this one lacks, its result last: without it the folder has no such model yet.
 * Throws `ANC_RUN_DAMAGED` where the source is.
 */
export async function copyModel(from: RunFolder, to: RunFolder, place: readonly string[]): Promise<void> {
  const [source, target] = [join(from.path, ...place), join(to.path, ...place)];
  if ((await exists(join(target, RESULT))) || !(await exists(join(source, RESULT)))) return;
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(source, join(parentPath, name)))
    .filter((name) => name !== RESULT);
  await verifyModel(from, place);
  for (const name of [...files, RESULT]) {
    const parts = [...place, ...name.split(sep)];
    await to.write(parts, (await from.readBytes(...parts))!);
  }
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
