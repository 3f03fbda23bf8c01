import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Collective, Tree } from '@anc/core';
import type { RankGroup } from '@anc/core/internal';
import type { RunResult } from '../events/documents.js';
import type { Emit } from '../events/events.js';
import { afterWorkBegan } from '../events/work-error.js';
import { divergedError } from '../run/diverged-error.js';
import { onRanks } from '../ranks/on-ranks.js';
import { resumeOnRanks, startOnRanks } from '../ranks/start-on-ranks.js';
import { executeRun } from '../run/execute.js';
import { stoppedError } from '../run/stopped.js';
import { isFirst } from '../run/ranks.js';
import { resumeRun, startRun, type ResumeRequest, type StartedRun } from '../run/start.js';
import { interruptedError } from './interrupted-error.js';
import { assertGroup, assertList, assertPath } from './known-options.js';
import { loadStudents } from './load-students.js';
import { RunHandle } from './run-handle.js';
import { callOf, composeWith, type CallOptions, type Compose } from './call.js';
import { runRequest, type RunInput } from './run-input.js';
import { changesOf, placedIn } from './runs-folder.js';
import type { TrainedModel } from './trained-model.js';
import { isTeacher, ValueRegistry, type TeacherInput } from './values.js';
import { openTeacherValue } from './teacher-function.js';

export interface DistillOptions extends RunInput {
  /**
   * The run folder to create; default: the first free `runs/<dataset>-<n>`. Null keeps nothing: a temporary folder is
   * used while the run goes on, and an aborted run cannot be resumed.
   */
  readonly folder?: string | null;
  /**
   * The other processes that make the same call, each with its rank: they train together. Rank 0 keeps the folder, and all get
   * the students. It is closed in the end.
   */
  readonly collective?: Collective;
}

/** A finished run. */
export interface Distilled {
  /** The student, in memory; of several the one that `select` of other calls takes by default. */
  readonly student: TrainedModel;
  /** All students by name. */
  readonly students: Readonly<Record<string, TrainedModel>>;
  /** Share of equal predictions of student and teacher for the test images; absent where there are none. */
  readonly agreement?: number;
  /** Share of test images that a classifier gets wrong; null where they have no labels, and for other tasks. */
  readonly testError: number | null;
  /** The metrics of other tasks on the test images, by name. */
  readonly metrics?: Tree<number>;
  /** The run's JSON document. */
  readonly result: RunResult;
  /** Absolute path of the run folder; null where nothing was kept. */
  readonly folder: string | null;
  /** Frees all students. */
  dispose(): Promise<void>;
}

/**
 * Trains students to imitate a teacher, without labels unless a method declares that it uses them: the teacher is trained
 * first, or given as a file, a `Teacher` or a function.
 *
 * Await the result, iterate over the events, or both. Throws `ANC_CONFIG`, `ANC_UNKNOWN` and `ANC_OPTIONS` before any work
 * where the request is wrong, and `ANC_INTERRUPTED` where the signal was aborted: `resume` then continues.
 */
export function distill(options: DistillOptions): RunHandle<Distilled> {
  return new RunHandle(async (emit) => {
    assertGroup(options, []);
    return await onRanks(options.collective, async (ranks) => {
      const temporary = options.folder === null ? await mkdtemp(join(tmpdir(), 'anc-run-')) : null;
      try {
        const folder = temporary === null ? options.folder : join(temporary, 'run');
        const { compose, ...request } = placedIn(
          folder ?? undefined,
          await runRequest(options, { folder: true, collective: true }, emit),
        );
        const started = { ...request, composition: await compose(request.options.plugins), emit };
        const run = await (ranks === undefined ? startRun(started) : startOnRanks(ranks, started));
        return await finish(run, options, emit, { compose, kept: temporary === null, ranks });
      } finally {
        if (temporary !== null) await rm(temporary, { recursive: true, force: true });
      }
    });
  });
}

export interface ResumeOptions extends CallOptions {
  /** What may be changed: where files are, and which backend computes. */
  readonly dataDir?: string;
  /** Threads of the backend. */
  readonly threads?: number;
  /** Backend that trains. */
  readonly backend?: string;
  /** Backend that computes the teacher's outputs. */
  readonly teacherBackend?: string;
  /** Backend that trains students, where it is another one. */
  readonly studentBackend?: string;
  /** Minutes between checkpoints inside an epoch. */
  readonly checkpointMinutes?: number;
  /** A lower rate, where training diverged: it continues from the last checkpoint, which is finite. */
  readonly learningRate?: number;
  /** The same of the teacher. */
  readonly teacherLearningRate?: number;
  /** Goes on with models whose training a hook had stopped; without it, they count as finished. */
  readonly continueStopped?: boolean;
  /** Takes options that were edited in the folder; the change is recorded. */
  readonly acceptChanges?: boolean;
  /** Goes on with plugins that changed since the run began; the change is recorded. */
  readonly acceptPlugins?: boolean;
  /** The same teacher again, where it was a value that a folder cannot hold. */
  readonly teacher?: TeacherInput;
  /** The same values again: networks, datasets and methods that were passed as objects. */
  readonly values?: Pick<RunInput, 'student' | 'images' | 'method' | 'methods' | 'hooks'>;
  /** The other processes that make the same call; their number may be another one than before. */
  readonly collective?: Collective;
}

/**
 * Continues an interrupted run with its own options; it ends with the same bytes as an uninterrupted run. A finished run
 * is read. Throws `ANC_RUN_MISSING`, `ANC_RUN_CONFIG`, `ANC_RUN_DATA` and `ANC_RUN_BUSY`.
 */
export function resume(folder: string, options: ResumeOptions = {}): RunHandle<Distilled> {
  return new RunHandle(async (emit) => {
    assertGroup(options, []);
    return await onRanks(options.collective, async (ranks) => {
      assertPath(folder, 'folder');
      const { cwd, fetching } = callOf(options);
      const { learningRate, teacherLearningRate, acceptChanges, acceptPlugins } = options;
      const values = registered(options.values ?? {});
      const compose = composeWith(options.plugins ?? [], values, cwd, { discover: options.discoverPlugins });
      const { teacher } = options;
      const value = typeof teacher === 'function' || isTeacher(teacher) ? teacher : null;
      const request: ResumeRequest = {
        path: folder,
        cwd,
        emit,
        fetching,
        changes: { ...changesOf(options), learningRate, teacherLearningRate },
        ...(acceptChanges === undefined ? {} : { acceptChanges }),
        ...(acceptPlugins === undefined ? {} : { acceptPlugins }),
        continueStopped: options.continueStopped === true,
        compose,
        ...(value === null ? {} : { openTeacher: openTeacherValue(value) }),
      };
      const run = await (ranks === undefined ? resumeRun(request) : resumeOnRanks(ranks, request));
      return finish(run, options, emit, {
        compose,
        kept: true,
        continueStopped: options.continueStopped === true,
        ranks,
      });
    });
  });
}

/** Registers values under the names that they had in the run. */
function registered({
  student,
  images,
  method,
  methods,
  hooks = [],
}: NonNullable<ResumeOptions['values']>): ValueRegistry {
  const values = new ValueRegistry();
  if (images !== undefined) values.name('datasets', images, ['data', 'dataset']);
  if (student !== undefined) values.name('models', student, ['student', 'model']);
  assertList(methods, ['methods']);
  assertList(hooks, ['hooks']);
  const all = methods ?? (method === undefined ? [] : [method]);
  all.forEach((one, i) => values.name('methods', one, ['methods', i]));
  hooks.forEach((hook, i) => values.name('hooks', hook, ['hooks', i]));
  return values;
}

interface Finishing {
  readonly compose: Compose;
  /** Whether the folder stays. */
  readonly kept: boolean;
  readonly continueStopped?: boolean;
  readonly ranks: RankGroup | undefined;
}

async function finish(
  run: StartedRun,
  call: CallOptions,
  emit: Emit,
  { compose, kept, continueStopped = false, ranks }: Finishing,
): Promise<Distilled> {
  const { plan, folder, shown } = run;
  try {
    const { data, students, backends, options } = plan;
    emit({
      type: 'plan',
      plan: {
        folder: kept ? folder.path : null,
        dataset: options.data.dataset.name,
        backend: backends.student.name,
        trainingImages: data.train.images.count,
        testImages: data.test.images.count,
        models: ['teacher', ...students.map(({ name }) => name)],
      },
    });
    const result = await executeRun({
      plan,
      folder,
      shown,
      emit,
      signal: call.signal ?? new AbortController().signal,
      continueStopped,
      ranks,
    });
    if (result === null)
      throw interruptedError(kept ? `resume('${shown}') continues it` : 'nothing was kept');
    const diverged = divergedError(result, `resume('${shown}', { learningRate: … })`);
    if (diverged !== null) throw afterWorkBegan(diverged);
    if (result.students.length === 0 && result.stopped !== undefined)
      throw afterWorkBegan(stoppedError(result));
    const composition = await compose(options.plugins);
    const { shape } = data.dataset;
    const loaded = await loadStudents(folder.path, result.students, composition, shape, callOf(call).cwd);
    const chosen = loaded.student.name;
    const { agreement, testError, metrics } = result.students.find(({ name }) => name === chosen)!;
    return {
      ...loaded,
      ...(agreement !== undefined && { agreement }),
      testError,
      ...(metrics && { metrics }),
      result,
      folder: kept && isFirst(ranks) ? folder.path : null,
    };
  } finally {
    await run.release();
  }
}
