import type { StepSpec } from '@anc/core';
import { codeIdentity, type InstalledPackages } from '@anc/core/internal';
import type { CodeOfStep } from './step-programs.js';
import { StepStore, type StoredStep } from './step-store.js';

/** Steps of earlier processes, as an engine takes them. */
export interface KeptSteps<S extends StoredStep> {
  /** What is kept of a step; null where there is nothing, or nothing that fits. */
  find(spec: StepSpec, of: CodeOfStep): Promise<S | null>;
  /** What keeps a step for later processes; undefined where it is not kept. */
  keeping(spec: StepSpec, of: CodeOfStep): ((step: S) => void) | undefined;
}

/** Whether a step runs as one graph, not section by section. Only such steps are kept. */
export const isWhole = ({ ranks, exchanges }: StepSpec): boolean => ranks === undefined && exchanges !== true;

/**
 * Steps on disk, found by everything that what an engine takes depends on: the code, the step, its shapes, and what graphs are
 * written for. Null where there is no place for them.
 *
 * @param target what graphs are written for
 * @param writers packages whose code writes them
 */
export function keptSteps<S extends StoredStep>(
  target: object,
  writers: InstalledPackages,
): KeptSteps<S> | null {
  const store = StepStore.open();
  if (store === null) return null;
  let code: string | null | undefined;
  const keyOf = (spec: StepSpec, of: CodeOfStep): string | null => {
    if (!isWhole(spec)) return null;
    if (code === undefined) code = codeIdentity(writers);
    return code && store.keyOf([code, of.code, of.id, spec, target]);
  };
  return {
    async find(spec, of) {
      const key = keyOf(spec, of);
      // What is read was written by this very code, so that it has this form.
      return key === null ? null : ((await store.read(key)) as S | null);
    },
    keeping(spec, of) {
      const key = keyOf(spec, of);
      return key === null ? undefined : (step) => void store.write(key, step);
    },
  };
}
