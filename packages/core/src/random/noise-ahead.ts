import type { HostTensor } from '../tree/tree.js';
import { drawNoise, type NoiseSpec } from './noise.js';

/** Which noise a step draws, as `Inputs.noise` of a step. */
interface StepNoise {
  readonly seed: number;
  readonly step: number;
  readonly offset?: number;
}

/**
 * The noise of a compiled step. While one step runs on another thread, that of the next one can be drawn.
 */
export class NoiseAhead {
  #drawn: { readonly of: StepNoise; readonly tensors: Record<string, HostTensor> } | null = null;

  constructor(
    /** The noise inputs of the step. */
    readonly specs: readonly NoiseSpec[],
  ) {}

  /** Tensors of a step by the names of its inputs, `noise/…`. */
  of(wanted: StepNoise): Record<string, HostTensor> {
    const known = this.#drawn;
    return known !== null && isSame(known.of, wanted) ? known.tensors : this.#draw(wanted);
  }

  /** Draws those of the step after this one. */
  prepareAfter(noise: StepNoise): void {
    if (this.specs.length === 0) return;
    const of = { ...noise, step: noise.step + 1 };
    this.#drawn = { of, tensors: this.#draw(of) };
  }

  #draw({ seed, step, offset }: StepNoise): Record<string, HostTensor> {
    return Object.fromEntries(
      this.specs.map((spec) => [`noise/${spec.name}`, drawNoise(spec, seed, step, offset)]),
    );
  }
}

const isSame = (a: StepNoise, b: StepNoise): boolean =>
  a.seed === b.seed && a.step === b.step && (a.offset ?? 0) === (b.offset ?? 0);
