import type { RehearsalOptions, Step, StepSpec } from '@anc/core';
import type { TargetOptions } from '../graph/target.js';
import { traceStep, type TracedStep } from '../trace/trace-step.js';
import { traceTwice } from '../trace/trace-twice.js';
import { orderedJson } from './ordered-json.js';

/** What a step is, where all of its parts come with ANC. */
export interface CodeOfStep {
  /** Of the step. */
  readonly id: string;
  /** Identifies the code of its parts; see `RehearsalOptions`. */
  readonly code: string;
}

/** How an engine builds programs of steps. */
export interface StepBuilder<P> {
  /** What graphs are traced for. */
  readonly target: TargetOptions;
  /**
   * Builds a program on the engine.
   *
   * @param of given where it may be kept for other processes
   */
  build(traced: TracedStep, spec: StepSpec, of?: CodeOfStep): Promise<P>;
  /** What builds the program that an earlier process kept; null where there is none. Left out where the engine keeps none. */
  find?(spec: StepSpec, of: CodeOfStep): Promise<(() => Promise<P>) | null>;
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

const keyOf = (step: Step, spec: StepSpec): string => orderedJson([step.id, spec]);

/** The programs of a backend that compiles steps: one of each step and spec, however many compilations of it are in use. */
export class StepPrograms<P> {
  readonly #built = new Map<string, Built<P>>();
  readonly #rehearsed = new Map<string, { readonly traced: TracedStep; readonly of?: CodeOfStep }>();
  readonly #found = new Map<string, () => Promise<P>>();

  constructor(
    /** How the engine builds them. */
    readonly builder: StepBuilder<P>,
  ) {}

  /** Traces the step, which runs its code, and keeps the trace where the step will be compiled. */
  rehearse(
    step: Step,
    spec: StepSpec,
    { compiles = true, repeats = true }: RehearsalOptions,
    of?: CodeOfStep,
  ): void {
    const traced = this.#trace(step, spec, repeats);
    if (compiles) this.#rehearsed.set(keyOf(step, spec), { traced, ...(of && { of }) });
  }

  /** The same where engines keep programs: one that an earlier process kept is not traced. */
  async rehearseOrFind(step: Step, spec: StepSpec, options: RehearsalOptions): Promise<void> {
    const { compiles = true, repeats = true, code } = options;
    const of = code === undefined || !compiles || repeats ? undefined : { id: step.id, code };
    const build = (of && (await this.builder.find?.(spec, of))) ?? null;
    if (build === null) this.rehearse(step, spec, options, of);
    else this.#found.set(keyOf(step, spec), build);
  }

  /** Begins to build a program that was rehearsed or found. */
  prepare(step: Step, spec: StepSpec): void {
    const key = keyOf(step, spec);
    if (this.#rehearsed.has(key) || this.#found.has(key)) this.#begin(step, spec);
  }

  /**
   * The program of a step, which is freed after its last user released it.
   *
   * @throws the error of tracing or building it; the signal's reason where that is aborted meanwhile.
   */
  async take(step: Step, spec: StepSpec, signal?: AbortSignal): Promise<LentProgram<P>> {
    signal?.throwIfAborted();
    const key = keyOf(step, spec);
    const built = this.#begin(step, spec);
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
    this.#found.clear();
  }

  /** The program of a step, which is being built at the latest now. */
  #begin(step: Step, spec: StepSpec): Built<P> {
    const key = keyOf(step, spec);
    const built = this.#built.get(key) ?? { program: this.#build(key, step, spec), users: 0 };
    this.#built.set(key, built);
    built.program.catch(() => undefined); // thrown where it is taken
    return built;
  }

  async #build(key: string, step: Step, spec: StepSpec): Promise<P> {
    const found = this.#found.get(key);
    this.#found.delete(key); // it holds a whole graph
    if (found !== undefined) return found();
    const rehearsed = this.#rehearsed.get(key) ?? { traced: this.#trace(step, spec, true) };
    this.#rehearsed.delete(key);
    return this.builder.build(rehearsed.traced, spec, rehearsed.of);
  }

  #trace(step: Step, spec: StepSpec, repeats: boolean): TracedStep {
    const trace = (): TracedStep => traceStep(step, spec, this.builder.target);
    if (!repeats) return trace();
    return traceTwice(`the step (${step.phases.map(({ name }) => name).join(', ')})`, trace);
  }
}
