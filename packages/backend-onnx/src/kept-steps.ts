import { type CodeOfStep, StepStore } from '@anc/compiler';
import type { StepSpec } from '@anc/core';
import { codeIdentity } from '@anc/core/internal';
import { isWhole, type SerializedStep } from './compiled-step.js';

/** Whole steps that other processes serialized. */
export interface KeptSteps {
  /** What was serialized of this step; null where nothing is kept, or nothing that fits. */
  find(spec: StepSpec, of: CodeOfStep): Promise<SerializedStep | null>;
  /** Keeps what a step is serialized to; undefined where it is not kept. */
  keeping(spec: StepSpec, of: CodeOfStep): ((serialized: SerializedStep) => void) | undefined;
}

let own: string | null | undefined;

/** The code that writes graphs. */
function ownCode(): string | null {
  if (own === undefined) {
    own = codeIdentity({
      own: ['@anc/compiler', '@anc/backend-onnx'],
      others: ['onnx-proto'],
      from: import.meta.url,
    });
  }
  return own;
}

/**
 * Steps on disk, found by everything that the file of a graph depends on: the code, the step, its shapes, and what the graph is
 * written for. Null where there is no place for them.
 *
 * @param target what graphs are written for
 * @param code of the compiler and of this package; null where it is not known
 */
export function keptSteps(target: object, code: () => string | null = ownCode): KeptSteps | null {
  const store = StepStore.open();
  if (store === null) return null;
  const keyOf = (spec: StepSpec, of: CodeOfStep): string | null => {
    const writing = isWhole(spec) ? code() : null;
    return writing && store.keyOf([writing, of.code, of.id, spec, target]);
  };
  return {
    async find(spec, of) {
      const key = keyOf(spec, of);
      // What is read was written by this very code, so that it has this form.
      return key === null ? null : ((await store.read(key)) as SerializedStep | null);
    },
    keeping(spec, of) {
      const key = keyOf(spec, of);
      return key === null ? undefined : (serialized) => void store.write(key, serialized);
    },
  };
}
