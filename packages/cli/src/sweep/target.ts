/** What an engine is to run: tasks that take trainings of one folder. */
export interface SweepTarget {
  /** Name of the sweep for the engine, e.g. `anc-compare-glyphs-1`. */
  readonly name: string;
  /** Absolute path of the folder of several runs. */
  readonly folder: string;
  /** Working directory of the tasks. */
  readonly cwd: string;
  /** How many tasks there are; each takes trainings until none is left. */
  readonly tasks: number;
  /** Processors of each task. */
  readonly threads: number;
  /** Memory of each task, e.g. `4G`. */
  readonly memory: string;
  /** GPUs of each task. */
  readonly gpus: number;
  /** Longest time of a task, `hh:mm:ss`; null: the engine's own limit. */
  readonly timeLimit: string | null;
  /** Partition of SLURM; null: the cluster's default. */
  readonly partition: string | null;
  /** Words that start this program on a machine of the cluster. */
  readonly program: readonly string[];
  /** Version of this program, for images. */
  readonly version: string;
  /** Container image with this program. */
  readonly image: string;
  /** Claims of volumes: the one with the folder, and the one with the dataset's files, if any. */
  readonly claim: string;
  readonly dataClaim: string | null;
  /** Folder of the dataset's files on this machine; null where there is none. */
  readonly dataDirectory: string | null;
  /** Absolute paths of this machine that the trainings read, besides the folder. */
  readonly paths: readonly string[];
}

/** Files of a sweep by name, and the command that hands them to the engine. */
export interface SweepFiles {
  readonly files: Readonly<Record<string, string>>;
  /** The program and its arguments, with names of files of the sweep. */
  readonly submit: readonly string[];
  /** What has to be done by hand before it is submitted, a line each. */
  readonly before?: readonly string[];
}

/** Seconds that a task has between the request to end and its end: a step and a checkpoint take a few. */
export const GRACE = 120;

/** The exit code of a task that was asked to end, and has kept what it had done. */
export const INTERRUPTED = 130;
