import type { Emit } from '../events/events.js';

/** What a job is given by the process that does it. */
export interface JobCall {
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** A training that a process can do on its own, or the report at the end. */
export interface Job {
  /** Unique in its plan; its folder has the same name, e.g. `seed-5-kd`. */
  readonly name: string;
  /** Names of the jobs that must be finished before. */
  readonly after: readonly string[];
  /** Whether its result is there, whichever process made it. */
  readonly finished: boolean;
  /** Whether it brings results together and trains nothing. */
  readonly isReport?: boolean;
  /**
   * Does it, or continues it. The result lies in files afterwards. Returns false where the signal was aborted: what was done is
   * kept. Called while no other process does this job.
   */
  run(call: JobCall): Promise<boolean>;
}

/**
 * What several processes do together: jobs in one folder that all of them see. The plan holds no state, so that every process
 * makes it from the folder alone.
 */
export interface JobPlan {
  /** The folder with the claims of the jobs, and what is unfinished of them. */
  readonly folder: string;
  /** Whether everything is done, the report included. */
  isComplete(): Promise<boolean>;
  /** All jobs that are known, in the order of one process. More of them may follow from results. */
  jobs(): Promise<readonly Job[]>;
  /** Shows what is finished so far; called after each job of this process but the last. */
  show?(): Promise<void>;
  /** Frees what the jobs of this process shared. */
  close?(): Promise<void>;
}

/** Where the jobs of a comparison are claimed, and how their names begin. */
export interface JobsPlace {
  readonly folder: string;
  readonly prefix: string;
}
