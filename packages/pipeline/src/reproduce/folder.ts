import { join } from 'node:path';
import { AncError } from '@anc/core';
import { Checksums, createFolder } from '@anc/runtime';
import { stringify } from 'yaml';
import { ifMissing, lostRecord } from '../files/missing-record.js';
import { recordedOptions, resumedOptions } from '../options/record.js';
import { yamlValue } from '../text/read-yaml.js';
import { groupName, type PlannedGroup } from './grid.js';
import { tableNames, tables, type PaperTable, type TableName } from './tables.js';

export const RECORD = 'reproduce.yaml';

/** A reproduction of one of the paper's tables. */
export interface Reproduction {
  readonly table: TableName;
  readonly scale: number;
  readonly seeds: readonly number[];
  readonly grid: readonly PlannedGroup[];
}

export async function writeReproduction(
  path: string,
  { table, scale, seeds, grid }: Reproduction,
): Promise<void> {
  const groups = grid.map(({ options }) => recordedOptions(options));
  await createFolder(path, { [RECORD]: stringify({ table, scale, seeds: [...seeds], groups }) });
}

/** Reads it back; `changes` may alter what results do not depend on. Throws `ANC_REPRODUCE_MISSING` or `ANC_RUN_CONFIG`. */
export async function readReproduction(
  path: string,
  changes: Readonly<Record<string, unknown>>,
): Promise<Reproduction> {
  const text = await new Checksums(path).readText(RECORD);
  if (text === null) {
    const lost = await lostRecord(path, RECORD);
    if (lost !== null) throw lost;
    throw new AncError('ANC_REPRODUCE_MISSING', `"${path}" is not the folder of a reproduced table.`, {
      expected: `a folder with ${RECORD} in it`,
      ...(await ifMissing(path)),
      hint: 'give the folder that `anc-cli reproduce` printed.',
    });
  }
  const { table, scale, seeds, groups } = (yamlValue(text) ?? {}) as {
    table?: TableName;
    scale?: number;
    seeds?: number[];
    groups?: unknown[];
  };
  const known: PaperTable | undefined =
    table !== undefined && tableNames.includes(table) ? tables[table] : undefined;
  if (known === undefined || !Array.isArray(seeds) || groups?.length !== known.groups.length) {
    throw new AncError('ANC_RUN_CONFIG', `${join(path, RECORD)} is damaged.`, {
      expected: 'the table, seeds and options as they were written',
      hint: 'restore the file from a copy, or start again.',
    });
  }
  return {
    table: table!,
    scale: scale ?? 1,
    seeds,
    grid: known.groups.map((group, i) => {
      const options = resumedOptions(changes, stringify(groups[i]));
      return { group, name: groupName(group, options), options, given: [] };
    }),
  };
}
