import type { RehearsalOptions, Step, StepSpec } from '@anc/core';
import type { TargetOptions } from '../graph/target.js';
import { traceStep, type TracedStep } from '../trace/trace-step.js';
import { traceTwice } from '../trace/trace-twice.js';

/** How an engine builds programs of steps. */
export interface StepBuilder<P> {
  /** What graphs are traced for. */
  readonly target: TargetOptions;
  /** Builds a program on the engine. */
  build(traced: TracedStep, spec: StepSpec): Promise<P>;
  /** Frees what the program has on the engine. */
  free(program: P): Promise<void>;
}

/** A program, and how to give it back. */
export interface LentProgram<P> {
  /** It is shared with other users. */
  readonly program: P;
  /** To be called once, when it is no longer used. */
  release(): Promise<void>;
}

interface Built<P> {
  readonly program: Promise<P>;
  users: number;
}

const keyOf = (step: Step, spec: StepSpec): string => JSON.stringify([step.id, spec]);

/** The programs of a backend that compiles steps: one of each step and spec, however many compilations of it are in use. */
export class StepPrograms<P> {
  readonly #built = new Map<string, Built<P>>();
  readonly #rehearsed = new Map<string, TracedStep>();

  constructor(
    /** How the engine builds them. */
    readonly builder: StepBuilder<P>,
  ) {}

  /** Traces the step, which runs its code, and keeps the trace where the step will be compiled. */
  rehearse(step: Step, spec: StepSpec, { compiles = true, repeats = true }: RehearsalOptions): void {
    const traced = this.#trace(step, spec, repeats);
    if (compiles) this.#rehearsed.set(keyOf(step, spec), traced);
  }

  /**
   * The program of a step, which is freed after its last user released it.
   *
   * @throws the error of tracing or building it; the signal's reason where that is aborted meanwhile.
   */
  async take(step: Step, spec: StepSpec, signal?: AbortSignal): Promise<LentProgram<P>> {
    signal?.throwIfAborted();
    const key = keyOf(step, spec);
    const built = this.#built.get(key) ?? { program: this.#build(key, step, spec), users: 0 };
    this.#built.set(key, built);
    built.users++;
    const release = async (): Promise<void> => {
      built.users--;
      if (built.users > 0) return;
      if (this.#built.get(key) === built) this.#built.delete(key);
      const program = await built.program.catch(() => null);
      if (program !== null) await this.builder.free(program);
    };
    try {
      const program = await built.program;
      signal?.throwIfAborted();
      return { program, release };
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Forgets all of them: the engine is closed. */
  clear(): void {
    this.#built.clear();
    this.#rehearsed.clear();
  }

  async #build(key: string, step: Step, spec: StepSpec): Promise<P> {
    const traced = this.#rehearsed.get(key) ?? this.#trace(step, spec, true);
    this.#rehearsed.delete(key); // it holds a whole graph
    return this.builder.build(traced, spec);
  }

  #trace(step: Step, spec: StepSpec, repeats: boolean): TracedStep {
    const trace = (): TracedStep => traceStep(step, spec, this.builder.target);
    if (!repeats) return trace();
    return traceTwice(`the step (${step.phases.map(({ name }) => name).join(', ')})`, trace);
  }
}
