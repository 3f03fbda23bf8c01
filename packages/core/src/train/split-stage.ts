import type { Backend, DeviceState } from '../contracts/backend.js';
import type { SynchronizedBatchNorm } from '../contracts/exchange.js';
import type { Phase, Step, StepSpec } from '../contracts/step.js';
import { AncError } from '../errors/error.js';
import { phasesOf } from '../step/play-phases.js';
import {
  gradientsStep,
  heldEntries,
  KEEP,
  measuringStep,
  replicatedStep,
  updateStep,
  WEIGHT,
  type MeasuredPhase,
} from '../step/split-phase.js';
import { rowRange, type RowRange } from '../tree/rows.js';
import { mapTree, namesOf, zeros, type HostTensor, type LeafSpec, type Tree } from '../tree/tree.js';
import { assertRankMeans, type Between } from './rank-means.js';
import { SplitStep, type SplitPhase } from './split-step.js';

/** Shapes and types of a whole batch and of everything else that enters a step. */
export type WholeSpec = Omit<StepSpec, 'phases'>;

/** How the batches of a step are divided. */
export interface SplitOptions {
  /** Number of parts of a batch; 1 where left out. */
  readonly accumulate?: number;
  /** Batch norm over the rows of all ranks; null or left out where each has its own. */
  readonly synchronized?: SynchronizedBatchNorm | null;
}

/** The two halves of every phase of a step, with what they hand over, for batches that are cut into parts. */
export class SplitSpecs {
  private constructor(
    readonly step: Step,
    readonly whole: WholeSpec,
    readonly parts: readonly RowRange[],
    /** State entries that each phase hands to its update. */
    readonly held: ReadonlyMap<Phase, Tree<LeafSpec>>,
    /** Number of ranks over which batch norm is synchronized, for each phase that has one. */
    readonly ranks: ReadonlyMap<Phase, number>,
  ) {}

  /**
   * Finds out what the phases hand over, by rehearsing their gradients.
   *
   * @throws `ANC_CONFIG` where a batch has fewer rows than parts; `ANC_RANK_MEANS` where the step has batch norm that is to
   *   be synchronized and the backend cannot.
   */
  static async of(
    backend: Backend,
    step: Step,
    whole: WholeSpec,
    { accumulate = 1, synchronized = null }: SplitOptions,
  ): Promise<SplitSpecs> {
    const rows = rowsIn(whole);
    if (!Number.isInteger(accumulate) || accumulate < 1 || accumulate > rows) {
      throw new AncError('ANC_CONFIG', 'a batch cannot be cut into so many micro-batches.', {
        expected: `a whole number from 1 to the ${rows} images of a batch`,
        received: `${accumulate}`,
      });
    }
    const parts = Array.from({ length: accumulate }, (_, i) => rowRange(rows, accumulate, i));
    const held = new Map<Phase, Tree<LeafSpec>>();
    const ranks = new Map<Phase, number>();
    for (const phase of step.phases) {
      if (phase.replicated === true) {
        held.set(phase, {});
        continue;
      }
      // Where these cannot be taken, the first layer that asks for one says so, not the last: op by op that may take minutes.
      const refuse = (): void => {
        if (synchronized !== null) assertRankMeans(backend, synchronized);
      };
      const { handed, takesRankMeans } = await measured(backend, step, phase, whole, refuse);
      held.set(phase, heldEntries(phase.name, handed));
      if (!takesRankMeans || synchronized === null) continue;
      assertRankMeans(backend, synchronized);
      ranks.set(phase, synchronized.ranks);
    }
    return new SplitSpecs(step, whole, parts, held, ranks);
  }

  /** A phase that every rank computes alike, undivided. */
  replicated(phase: Phase, repeat: number): { readonly step: Step; readonly spec: StepSpec } {
    return { step: replicatedStep(this.step, phase, repeat), spec: this.#specOf(phase) };
  }

  /** The first half of a phase, for a part of `rows` rows. */
  gradients(phase: Phase, repeat: number, rows: number): { readonly step: Step; readonly spec: StepSpec } {
    const several = this.parts.length > 1;
    const ranks = this.ranks.get(phase);
    return {
      step: gradientsStep(this.step, phase, repeat, several),
      spec: {
        ...this.#specOf(phase),
        ...(ranks !== undefined && { ranks }),
        batch: mapTree(this.whole.batch, (leaf) => withRows(leaf, rows)),
        hyper: several ? [...this.whole.hyper, KEEP, WEIGHT] : this.whole.hyper,
      },
    };
  }

  /** The second half. */
  update(phase: Phase): { readonly step: Step; readonly spec: StepSpec } {
    return { step: updateStep(this.step, phase), spec: { ...this.#specOf(phase), batch: {} } };
  }

  #specOf(phase: Phase): StepSpec {
    const state = { ...this.whole.state, ...this.held.get(phase)! };
    return { ...this.whole, state, phases: [phase.name] };
  }
}

/** A stage whose steps are split: what copies its state to a backend, and compiles the halves of its phases. */
export class SplitStage {
  constructor(
    readonly backend: Backend,
    readonly specs: SplitSpecs,
    readonly between: Between,
  ) {}

  /** Copies a state to the backend, with what its halves hold between them. */
  upload(initial: Tree<HostTensor>): Promise<DeviceState> {
    const held = [...this.specs.held.values()].map((entries) => mapTree(entries, zeros));
    return this.backend.upload(Object.assign({}, initial, ...held) as Tree<HostTensor>);
  }

  /** Compiles the halves of some phases of the step, in order; a name may repeat. */
  async compile(names: readonly string[]): Promise<SplitStep> {
    const { backend, specs } = this;
    const runs = new Map<Phase, number>();
    const phases: SplitPhase[] = [];
    for (const phase of phasesOf(specs.step, names)) {
      const repeat = runs.get(phase) ?? 0;
      runs.set(phase, repeat + 1);
      if (phase.replicated === true) {
        const { step, spec } = specs.replicated(phase, repeat);
        const rows = { start: 0, count: rowsIn(specs.whole) };
        const parts = [{ rows, gradients: await backend.compile(step, spec) }];
        phases.push({ name: phase.name, parts, update: null, held: [] });
        continue;
      }
      const parts: SplitPhase['parts'][number][] = [];
      for (const rows of specs.parts) {
        const { step, spec } = specs.gradients(phase, repeat, rows.count);
        parts.push({ rows, gradients: await backend.compile(step, spec) });
      }
      const { step, spec } = specs.update(phase);
      phases.push({
        name: phase.name,
        parts,
        update: await backend.compile(step, spec),
        held: namesOf(specs.held.get(phase)!),
      });
    }
    return new SplitStep(phases, this.between);
  }
}

/** Rows of a batch; 1 where the step makes its images, and gets none. */
export const rowsIn = ({ batch }: WholeSpec): number => Object.values(batch)[0]?.shape[0] ?? 1;

const withRows = (leaf: LeafSpec, rows: number): LeafSpec => ({
  ...leaf,
  shape: [rows, ...leaf.shape.slice(1)],
});

/** What each backend found out, by step and phase: a stage is rehearsed before it is trained. */
const known = new WeakMap<Backend, Map<string, MeasuredPhase>>();

/** What a phase's gradients do, found by running them on few rows; compiled backends only record them. */
async function measured(
  backend: Backend,
  step: Step,
  phase: Phase,
  whole: WholeSpec,
  onRankMean: () => void,
): Promise<MeasuredPhase> {
  const rows = Math.min(2, rowsIn(whole));
  const batch = mapTree(whole.batch, (leaf) => withRows(leaf, rows));
  const spec: StepSpec = { ...whole, batch, phases: [phase.name] };
  const key = JSON.stringify([step.id, spec]);
  const found = known.get(backend) ?? new Map<string, MeasuredPhase>();
  known.set(backend, found);
  const before = found.get(key);
  if (before !== undefined) return before;
  const reported: MeasuredPhase[] = [];
  const measuring = measuringStep(step, phase, (found) => void reported.push(found), onRankMean);
  await backend.rehearse(measuring, spec, { compiles: false });
  const last = reported.at(-1);
  if (last === undefined) {
    throw new AncError(
      'ANC_EXCHANGE',
      `backend "${backend.name}" rehearses a step without running its code.`,
      {
        hint: 'micro-batches and ranks need its phases to run in this process when they are rehearsed.',
      },
    );
  }
  found.set(key, last);
  return last;
}
