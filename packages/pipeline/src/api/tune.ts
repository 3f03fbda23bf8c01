import { basename } from 'node:path';
import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import { exists } from '../compare/folder.js';
import type { Composition } from '../composition/compose.js';
import type { Emit } from '../events/events.js';
import { afterWorkBegan } from '../events/work-error.js';
import { datasetLabel } from '../options/folder-dataset.js';
import { optionError } from '../options/option-error.js';
import { optionTable } from '../options/option-table.js';
import type { RunOptions } from '../options/run-options.js';
import { refuseRunOnly } from '../options/run-only.js';
import { planTraining } from '../planning/plan.js';
import { anchored, resumeWith, startWith } from '../run/start.js';
import { describeNamed } from '../text/named.js';
import { takes } from '../tune/candidate.js';
import type { TuneResult } from '../tune/documents.js';
import { executeTuning } from '../tune/execute.js';
import { RECORD, readRecord, runFolder, writeRecord, type TuneRecord } from '../tune/folder.js';
import { searchOf } from '../tune/settings.js';
import type { Processes } from '../jobs/processes.js';
import { continuedProcesses, processesOf, withJobs, type JobsOption } from './job-processes.js';
import { interruptedError } from './interrupted-error.js';
import { assertGroup, type OptionNames } from './known-options.js';
import { RunHandle } from './run-handle.js';
import type { Compose } from './call.js';
import { runRequest, type RunInput, type RunRequest } from './run-input.js';
import { changesOf, continuedCall, newRunsFolder, placedIn, type ContinueOptions } from './runs-folder.js';

/** What a search tries, and how much. */
export interface SearchOptions {
  /** What every method tries; default: five rates around the preset's. */
  readonly learningRates?: readonly number[];
  /** What methods with a temperature try at their best rate. */
  readonly temperatures?: readonly number[];
  /** Trials of each method; default: as many as the lists need. */
  readonly budget?: number;
  /** Train each chosen setting with so many fresh seeds and compare; default: 0. */
  readonly confirm?: number;
}

const SEARCH_OPTIONS: OptionNames<SearchOptions> = {
  learningRates: true,
  temperatures: true,
  budget: true,
  confirm: true,
};

export interface TuneOptions extends RunInput, SearchOptions, JobsOption {
  /** The folder to create; default: the first free `runs/tune-<dataset>-<n>`. */
  readonly folder?: string;
}

/**
 * Gives every method the same number of trials at learning rate and temperature, evaluated on held-out training images; the
 * test images are not opened. Throws like `distill`.
 */
export function tune(options: TuneOptions): RunHandle<TuneResult> {
  return new RunHandle(async (emit) => {
    assertGroup(options, []);
    const request = placedIn(
      options.folder,
      await runRequest(options, { ...SEARCH_OPTIONS, folder: true, jobs: true }, emit),
    );
    const processes = processesOf(options, request, options);
    return (await startTuning(request, options, emit, options.jobs)).execute(options.signal, processes);
  });
}

/** Continues an interrupted tuning; finished trials are read. */
export function resumeTuning(
  folder: string,
  options: ContinueOptions & JobsOption = {},
): RunHandle<TuneResult> {
  return new RunHandle(async (emit) => {
    const processes = continuedProcesses(options, continuedCall(folder, options));
    const tuning = await continueTuning(folder, changesOf(options), options, emit);
    return tuning.execute(options.signal, processes);
  });
}

/** A tuning whose folder exists and is locked. */
export interface StartedTuning {
  /** Absolute path of its folder. */
  readonly path: string;
  /** Runs to the end, with `processes` that share the trials. Throws `ANC_INTERRUPTED` where the signal is aborted. */
  execute(signal?: AbortSignal, processes?: Processes): Promise<TuneResult>;
  /** How many learning rates every method tries. */
  readonly rates: number;
  /** Leaves it as it is, for other processes. */
  release(): Promise<void>;
}

/** Share of the training images that is held out where the caller does not set it. */
const HELD_OUT = 0.1;

/** Checks a new tuning and creates its folder. `jobs`: how many trainings will go on at once. */
export async function startTuning(
  request: Omit<RunRequest, 'hasValues'>,
  { learningRates, temperatures, budget, confirm = 0 }: SearchOptions,
  emit: Emit,
  jobs?: number,
): Promise<StartedTuning> {
  refuseRunOnly('tune', request.options);
  const { given, cwd } = request;
  const options = withJobs(anchored(withHeldOut(request), cwd), jobs);
  const { output, data, training } = options;
  if (data.validation === 0) {
    throw optionError(['data', 'validation'], 'there are no held-out images to evaluate trials on.', {
      expected: 'more than 0, e.g. 0.1',
      received: '0',
    });
  }
  const search = searchOf(training.learningRate, {
    ...(learningRates && { learningRates }),
    ...(temperatures && { temperatures }),
    ...(budget !== undefined && { budget }),
  });
  const path = await newRunsFolder(output, cwd, `tune-${datasetLabel(data.dataset, data.directory, cwd)}`, [
    RECORD,
  ]);
  const composition = await request.compose(options.plugins);
  assertTunable(options, composition);
  if (
    search.temperatures.length > 0 &&
    !options.methods.some((method) => takes('temperature', method, options, composition))
  ) {
    const problem = 'has no effect: none of the methods has a temperature.';
    emit({ type: 'notice', message: `temperatures ${problem}`, path: ['temperatures'], problem });
  }
  const set = new Set(given.map((at) => at.join('.')));
  const keys = optionTable.filter(({ path: at }) => set.has(at.join('.'))).map(({ key }) => key);
  const record: TuneRecord = { ...search, confirm, given: keys };
  const run = await startWith(planTraining, {
    ...request,
    options: { ...options, output: { directory: path, name: basename(runFolder(path)) } },
    composition,
    emit,
    prepared: () => writeRecord(path, record),
  });
  return started(path, cwd, record, run, composition, emit);
}

/** Opens an interrupted tuning. */
export async function continueTuning(
  folder: string,
  changes: Readonly<Record<string, unknown>>,
  call: ContinueOptions,
  emit: Emit,
): Promise<StartedTuning> {
  const { path, cwd, fetching, acceptPlugins, compose: composeAll } = continuedCall(folder, call);
  const record = await readRecord(path);
  if (!(await exists(runFolder(path)))) {
    throw new AncError('ANC_RUN_MISSING', `the tuning in "${folder}" was ended before it had begun.`, {
      expected: `${runFolder(path)}, the folder of its trainings`,
      hint: 'start it again: its folder is used again.',
    });
  }
  let composition: Composition | null = null;
  const compose: Compose = async (plugins, found) => (composition = await composeAll(plugins, found));
  const run = await resumeWith(planTraining, {
    path: runFolder(path),
    cwd,
    emit,
    changes,
    compose,
    fetching,
    acceptPlugins,
    again: `anc-cli tune --resume ${shellQuoted(path)}`,
  });
  return started(path, cwd, record, run, composition!, emit);
}

function started(
  path: string,
  cwd: string,
  record: TuneRecord,
  { plan, folder, release }: Awaited<ReturnType<typeof startWith>>,
  composition: Composition,
  emit: Emit,
): StartedTuning {
  return {
    path,
    rates: record.learningRates.length,
    release,
    async execute(signal = new AbortController().signal, processes) {
      try {
        const tuning = { path, cwd, record, plan, composition, folder, emit, signal, processes };
        const result = await executeTuning(tuning);
        if (result === null) throw interruptedError(`resumeTuning('${path}') continues it`);
        return result;
      } catch (error) {
        throw afterWorkBegan(error);
      } finally {
        await release();
      }
    },
  };
}

function withHeldOut({ options, given }: Pick<RunRequest, 'options' | 'given'>): RunOptions {
  const isSet = given.some((path) => path.join('.') === 'data.validation');
  return isSet ? options : { ...options, data: { ...options.data, validation: HELD_OUT } };
}

/** Throws `ANC_UNKNOWN`, and `ANC_CONFIG` for a method that brings its own rate. */
function assertTunable(options: RunOptions, composition: Composition): void {
  for (const [i, method] of options.methods.entries()) {
    composition.registries.methods.get(method.name);
    if (takes('learningRate', method, options, composition)) continue;
    throw optionError(['methods', i], `method "${describeNamed(method)}" has nothing to tune.`, {
      expected: "a method that is trained with the run's learning rate",
      received: 'an optimizer of its own among its options',
      hint: 'leave its optimizer out.',
    });
  }
}
