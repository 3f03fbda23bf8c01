import { resolve } from 'node:path';
import { AncError } from '@anc/core';
import type { Composition } from '../composition/compose.js';
import { optionError } from '../options/option-error.js';
import type { RunOptionsInput } from '../options/run-options.js';
import { refuseRunOnly } from '../options/run-only.js';
import { divergedReproduction } from '../compare/diverged-error.js';
import { afterWorkBegan } from '../events/work-error.js';
import { costOf, type Cost } from '../reproduce/cost.js';
import type { ReproduceResult } from '../reproduce/documents.js';
import { executeReproduction } from '../reproduce/execute.js';
import { readReproduction, type Reproduction } from '../reproduce/folder.js';
import { checkGrid, gridOf } from '../reproduce/grid.js';
import { tableNames, tables, type TableName } from '../reproduce/tables.js';
import { suggestion } from '../text/nearest.js';
import { continuedProcesses, processesOf, withJobs, type JobsOption } from './job-processes.js';
import { interruptedError } from './interrupted-error.js';
import { RunHandle } from './run-handle.js';
import { inFolder, runRequest, type RunInput } from './run-input.js';
import { continuedCall, newRunsFolder, seedsFrom, type ContinueOptions } from './runs-folder.js';

/** Options of `reproduce`. */
export interface ReproduceOptions extends Omit<RunInput, 'images' | 'method' | 'methods'>, JobsOption {
  /** How many seeds, counted from `seed`; default: 3. */
  readonly seeds?: number;
  /** Share of the paper's epochs; default: 1. */
  readonly scale?: number;
  /** The folder to create; default: the first free `runs/reproduce-<table>-<n>`. */
  readonly folder?: string;
}

/** Runs the comparisons behind one of the paper's tables, and puts the paper's figures beside the measured ones. */
export function reproduce(table: string, options: ReproduceOptions = {}): RunHandle<ReproduceResult> {
  return new RunHandle(async (emit) => {
    const own = { seeds: true, scale: true, folder: true, jobs: true } as const;
    const request = await runRequest(options, own, emit);
    const { input, cwd, compose, fetching } = request;
    const processes = processesOf(options, request, options);
    const reproduction = newReproduction(table, input, { ...options, cwd });
    await checkedGrid(reproduction, compose);
    const place = options.folder === undefined ? {} : inFolder(resolve(cwd, options.folder));
    const path = await newFolder(reproduction, cwd, place);
    const signal = options.signal ?? new AbortController().signal;
    const execution = { path, cwd, reproduction, changes: {}, compose, fetching, emit, signal, processes };
    return finished(await executeReproduction(execution), path);
  });
}

/** Continues an interrupted reproduction; finished comparisons are read. */
export function resumeReproduction(
  folder: string,
  options: ContinueOptions & JobsOption = {},
): RunHandle<ReproduceResult> {
  return new RunHandle(async (emit) => {
    const call = continuedCall(folder, options);
    const reproduction = await readReproduction(call.path, call.changes);
    const signal = options.signal ?? new AbortController().signal;
    const processes = continuedProcesses(options, call);
    return finished(await executeReproduction({ ...call, reproduction, emit, signal, processes }), call.path);
  });
}

function finished(result: ReproduceResult | null, path: string): ReproduceResult {
  if (result === null) throw interruptedError(`resumeReproduction('${path}') continues it`);
  const diverged = divergedReproduction(result);
  if (diverged !== null) throw afterWorkBegan(diverged);
  return result;
}

/** The runs of a table. Throws `ANC_UNKNOWN` and `ANC_CONFIG`. */
export function newReproduction(
  table: string | undefined,
  input: RunOptionsInput,
  {
    seeds = 3,
    scale = 1,
    cwd,
    base,
    jobs,
  }: {
    readonly seeds?: number;
    readonly scale?: number;
    readonly cwd: string;
    readonly base?: RunOptionsInput;
    /** How many trainings will go on at once. */
    readonly jobs?: number | undefined;
  },
): Reproduction {
  const name = tableOf(table);
  if (!(scale > 0 && scale <= 1)) {
    throw optionError(['scale'], 'expected more than 0 and at most 1.', { received: String(scale) });
  }
  refuseRunOnly('reproduce', base ?? {}, input);
  const grid = gridOf(tables[name], input, { scale, cwd, ...(base && { base }) }).map((group) => ({
    ...group,
    options: withJobs(group.options, jobs),
  }));
  const { seed } = grid[0]!.options.training;
  return { table: name, scale, seeds: seedsFrom(seed, seeds), grid };
}

/** Loads the plugins of a grid and checks its names and options; returns what each group costs. */
export async function checkedGrid(
  { grid, seeds }: Reproduction,
  compose: (plugins: readonly string[]) => Promise<Composition>,
): Promise<readonly (Cost | null)[]> {
  const composition = await compose(grid[0]!.options.plugins);
  await checkGrid(grid, composition);
  return Promise.all(grid.map((group) => costOf(group, seeds.length, composition)));
}

/** The folder of a new reproduction. Throws `ANC_RUN_EXISTS` or `ANC_RUN_UNWRITABLE`. */
export async function newFolder(
  { table, grid }: Reproduction,
  cwd: string,
  place: { readonly directory?: string; readonly name?: string } = {},
): Promise<string> {
  return await newRunsFolder({ ...grid[0]!.options.output, ...place }, cwd, `reproduce-${table}`);
}

function tableOf(text: string | undefined): TableName {
  const found = tableNames.find((name) => name === text);
  if (found !== undefined) return found;
  const hint = text === undefined ? null : suggestion(text, tableNames);
  throw new AncError(
    'ANC_UNKNOWN',
    text === undefined ? 'no table was named.' : `the paper has no table named "${text}".`,
    { expected: `one of ${tableNames.join(', ')}`, ...(hint === null ? {} : { hint }) },
  );
}
