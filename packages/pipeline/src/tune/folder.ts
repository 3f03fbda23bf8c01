import { join } from 'node:path';
import { AncError } from '@anc/core';
import { Checksums, createFolder } from '@anc/runtime';
import { stringify } from 'yaml';
import { z } from 'zod';
import { ifMissing, lostRecord } from '../files/missing-record.js';
import { DEPRECATED_KEYS } from '../options/option-table.js';
import { yamlValue } from '../text/read-yaml.js';

export const RECORD = 'tune.yaml';

/** The search of a tuning; the run's options are in its run folder. */
export interface TuneRecord {
  readonly learningRates: readonly number[];
  readonly temperatures: readonly number[];
  readonly budget: number;
  readonly confirm: number;
  /** Keys of the options that were set: the tuned configuration repeats them. */
  readonly given: readonly string[];
}

const positives = z.array(z.number().positive());

const keys = z.array(z.string());

const recordSchema = z.strictObject({
  learningRates: positives.min(1),
  temperatures: positives,
  budget: z.int().min(1),
  confirm: z.int().min(0),
  given: keys.optional(),
  said: keys.optional(), // the name of `given` in older records
});

/** The run folder of all trainings of a tuning. */
export const runFolder = (path: string): string => join(path, 'run');

export async function writeRecord(path: string, record: TuneRecord): Promise<void> {
  await createFolder(path, { [RECORD]: stringify(record) }, [RECORD]);
}

/** Throws `ANC_TUNE_MISSING` or `ANC_RUN_CONFIG`. */
export async function readRecord(path: string): Promise<TuneRecord> {
  const text = await new Checksums(path).readText(RECORD);
  if (text === null) {
    const lost = await lostRecord(path, RECORD);
    if (lost !== null) throw lost;
    throw new AncError('ANC_TUNE_MISSING', `"${path}" is not the folder of a tuning.`, {
      expected: `a folder with ${RECORD} in it`,
      ...(await ifMissing(path)),
      hint: 'give the folder that `anc-cli tune` printed.',
    });
  }
  const read = recordSchema.safeParse(yamlValue(text));
  if (read.success) {
    const { given, said, ...search } = read.data;
    return { ...search, given: (given ?? said ?? []).map((key) => DEPRECATED_KEYS[key] ?? key) };
  }
  throw new AncError('ANC_RUN_CONFIG', `${join(path, RECORD)} is damaged.`, {
    expected: 'the search as the tuning wrote it',
    hint: 'restore the file from a copy, or start again.',
  });
}
