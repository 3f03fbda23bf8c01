import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AncError } from '@anc/core';
import { makeFolder } from '@anc/core/internal';
import * as pipeline from '@anc/pipeline/internal';
import { shellQuoted, suggestion } from '@anc/pipeline/options';
import { locating } from '../config/locate.js';
import { endInterrupted } from '../terminal/interrupted.js';
import { kubernetesFiles } from '../sweep/kubernetes.js';
import { localFiles } from '../sweep/local.js';
import { localPaths } from '../sweep/local-paths.js';
import { slurmFiles } from '../sweep/slurm.js';
import { submit } from '../sweep/submit.js';
import type { SweepFiles, SweepTarget } from '../sweep/target.js';
import { executable, programVersion } from '../config/own-package.js';
import type { Session } from './command.js';
import { openTrainingSession, type TrainingSession } from './run-session.js';
import type { SearchFlags } from './search-flags.js';
import { searchOf } from './search-options.js';
import { countOf, scaleOf } from './sizes.js';
import type { Kind } from './sweep.js';

/** What was asked for. */
interface SweepRequest {
  readonly kind: Kind;
  readonly table: string | undefined;
  readonly flags: Record<string, unknown>;
  readonly options: EngineOptions;
}

interface EngineOptions extends SearchFlags {
  readonly to?: string;
  readonly tasks?: string;
  readonly memory?: string;
  readonly gpus?: string;
  readonly timeLimit?: string;
  readonly partition?: string;
  readonly program?: string;
  readonly image?: string;
  readonly volume?: string;
  readonly dataVolume?: string;
  readonly submit?: boolean;
  readonly seeds?: string;
  readonly scale?: string;
}

const ENGINES: Readonly<Record<string, (target: SweepTarget) => SweepFiles>> = {
  slurm: slurmFiles,
  kubernetes: kubernetesFiles,
  local: localFiles,
};

/** The document of `sweep`. */
interface SweepResult {
  /** The folder of several runs. */
  readonly folder: string;
  readonly engine: string;
  readonly tasks: number;
  /** Paths of the files for the engine. */
  readonly files: readonly string[];
  /** The command that hands them to it. */
  readonly submit: string;
  /** What the engine answered; null where it was not asked. */
  readonly submitted: string | null;
}

/** Makes the folder of a sweep, writes the files of an engine into it, and submits them where that was asked for. */
export async function sweep({ kind, table, flags, options }: SweepRequest, session: Session): Promise<void> {
  const engine = checkedEngine(options);
  const training = await openTrainingSession(flags, session);
  const { terminal, progress, request, close, signal } = training;
  try {
    if (request.plugins.length > 0)
      throw new AncError(
        'ANC_CONFIG',
        'a plugin object of a configuration file cannot be sent to other machines.',
        {
          expected: 'plugins by name or path',
          hint: 'write the plugin into a file, and name that.',
        },
      );
    const made = await locating(request.origins, () => make(kind, table, options, training, session));
    const { folder, trainings, threads, runs } = made;
    progress.close();
    const tasks = engine.tasks ?? Math.min(MOST_TASKS, trainings);
    const {
      files,
      submit: submission,
      before = [],
    } = ENGINES[engine.to]!({
      ...engine,
      name: jobName(kind, folder),
      folder,
      cwd: session.cwd,
      tasks,
      threads,
      version: programVersion(),
      dataDirectory: runs[0]!.data.directory,
      paths: [...new Set(runs.flatMap(localPaths))],
    });
    const place = join(folder, 'sweep');
    await makeFolder(place);
    for (const [name, content] of Object.entries(files))
      await writeFile(join(place, name), content, { mode: name.endsWith('.sh') ? 0o755 : 0o644 });
    const paths = Object.keys(files).map((name) => join(place, name));
    const command = `cd ${shellQuoted(place)} && ${submission.join(' ')}`;
    const submitted = options.submit === true ? await submit(submission, place, session.stderr) : null;
    const result: SweepResult = {
      folder,
      engine: engine.to,
      tasks,
      files: paths,
      submit: command,
      submitted,
    };
    terminal.document(result);
    terminal.print(`folder: ${folder}`);
    for (const path of paths) terminal.print(`written: ${path}`);
    for (const line of before) terminal.print(`needs: ${line}`);
    if (submitted === null) terminal.print(`start it with: ${command}`);
    terminal.print(`the result will be in ${join(folder, `${kind}.json`)}`);
    terminal.print(`what is finished until then: anc-cli report ${shellQuoted(folder)}`);
  } catch (error) {
    if (!pipeline.isInterruption(error, signal)) throw error;
    endInterrupted(terminal, session, ' before the sweep was written');
  } finally {
    close();
  }
}

/** Tasks that are asked for where nobody says how many. */
const MOST_TASKS = 64;

/** A name that Kubernetes accepts: a label of at most 63 characters. */
const jobName = (kind: Kind, folder: string): string =>
  `anc-${kind}-${basename(folder)}`
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 60)
    .replace(/-+$/, '');

/** What the options of the sweep say, not those of the engine. */
type OfSweep = 'name' | 'folder' | 'cwd' | 'tasks' | 'threads' | 'version' | 'paths' | 'dataDirectory';

type Engine = Omit<SweepTarget, OfSweep> & {
  readonly to: string;
  readonly tasks: number | null;
};

/** The engine's options, checked. Throws `ANC_UNKNOWN` or `ANC_CONFIG`. */
function checkedEngine(options: EngineOptions): Engine {
  const { to = '', memory = '4G', timeLimit, partition, program, image, volume, dataVolume } = options;
  if (!Object.hasOwn(ENGINES, to)) {
    const hint = suggestion(to, Object.keys(ENGINES));
    throw new AncError('ANC_UNKNOWN', `--to: there is no engine named "${to}".`, {
      expected: `one of ${Object.keys(ENGINES).join(', ')}`,
      ...(hint === null ? {} : { hint }),
    });
  }
  const matching = (flag: string, value: string, pattern: RegExp, expected: string): string => {
    if (pattern.test(value)) return value;
    throw new AncError('ANC_CONFIG', `${flag}: expected ${expected}.`, { received: value });
  };
  const count = (flag: string, value: string, least: number): number =>
    Number(
      matching(
        flag,
        value,
        least === 0 ? /^\d{1,4}$/ : /^[1-9]\d{0,3}$/,
        `a whole number of at least ${least} and at most 9999`,
      ),
    );
  const name = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
  return {
    to,
    tasks: options.tasks === undefined ? null : count('--tasks', options.tasks, 1),
    memory: matching('--memory', memory, /^[1-9]\d*[MG]$/, 'a number with M or G, e.g. 4G'),
    gpus: count('--gpus', options.gpus ?? '0', 0),
    timeLimit:
      timeLimit === undefined
        ? null
        : matching('--time-limit', timeLimit, /^\d{1,4}:[0-5]\d:[0-5]\d$/, 'hh:mm:ss, e.g. 08:00:00'),
    partition:
      partition === undefined
        ? null
        : matching('--partition', partition, /^[\w.,-]+$/, 'a name without spaces'),
    program: program === undefined ? ownProgram() : program.split(' ').filter((word) => word !== ''),
    image: matching(
      '--image',
      image ?? `anc-cli:${programVersion()}`,
      /^[\w][\w./:@-]*$/,
      'the name of an image, e.g. registry/anc-cli:1.0',
    ),
    claim: matching(
      '--volume',
      volume ?? 'anc-sweep',
      name,
      'the name of a claim: lower case letters, digits, -',
    ),
    dataClaim:
      dataVolume === undefined
        ? null
        : matching('--data-volume', dataVolume, name, 'the name of a claim: lower case letters, digits, -'),
  };
}

/** This installation, started by this version of Node. */
const ownProgram = (): string[] => [process.execPath, executable()];

interface MadeSweep {
  readonly folder: string;
  /** How many trainings need no other but the teacher's. */
  readonly trainings: number;
  /** Threads of each. */
  readonly threads: number;
  /** Options of the runs. */
  readonly runs: readonly pipeline.RunOptions[];
}

/** Checks everything and makes the folder of several runs. */
async function make(
  kind: Kind,
  table: string | undefined,
  options: EngineOptions,
  training: TrainingSession,
  { cwd }: Session,
): Promise<MadeSweep> {
  const { compose, fetching, progress, signal, request, resolved } = training;
  const emit = progress.show;
  const seeds = countOf(options.seeds ?? '3');
  if (kind === 'compare') {
    const planned = withOneThread(await resolved());
    const comparison = await pipeline.newComparison(planned, seeds);
    await pipeline.prepareComparison({ ...comparison, emit, signal });
    const { options } = comparison.record;
    const trainings = options.methods.length * seeds;
    return { folder: comparison.path, trainings, threads: options.compute.threads!, runs: [options] };
  }
  if (kind === 'tune') {
    const planned = withOneThread(await resolved());
    const tuning = await pipeline.startTuning(planned, searchOf(options), emit);
    await tuning.release();
    const { options: run } = planned;
    const trainings = run.methods.length * tuning.rates;
    return { folder: tuning.path, trainings, threads: run.compute.threads!, runs: [run] };
  }
  const { compute } = request.flags;
  const flags = { ...request.flags, compute: { threads: request.file.compute?.threads ?? 1, ...compute } };
  const counts = { seeds, scale: scaleOf(options.scale ?? '1'), cwd, base: request.file };
  const reproduction = pipeline.newReproduction(table, flags, counts);
  await pipeline.checkedGrid(reproduction, compose);
  const path = await pipeline.newFolder(reproduction, cwd);
  await pipeline.prepareReproduction({
    path,
    cwd,
    reproduction,
    changes: {},
    compose,
    fetching,
    emit,
    signal,
  });
  const trainings = reproduction.grid.reduce(
    (sum, { options: { methods } }) => sum + methods.length * seeds,
    0,
  );
  const runs = reproduction.grid.map(({ options: run }) => run);
  return { folder: path, trainings, threads: runs[0]!.compute.threads!, runs };
}

/** Threads are recorded, because results depend on their number in the last digits, and so tasks need as many processors. */
const withOneThread = (request: pipeline.RunRequest): pipeline.RunRequest => {
  const { options } = request;
  const threads = options.compute.threads ?? 1;
  return { ...request, options: { ...options, compute: { ...options.compute, threads } } };
};
