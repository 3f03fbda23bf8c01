import { AncError } from '@anc/core';
import { shellQuoted } from '@anc/core/internal';
import type { ModelResult, RunResult, StoppedResult } from '../events/documents.js';

/** `in epoch 7 of 20 by early-stopping (@anc/runtime): …`. */
export const stoppedWhere = ({ epoch, epochs, by, plugin, reason }: StoppedResult): string =>
  `in epoch ${epoch} of ${epochs} by the hook ${by} (${plugin}): ${reason.replace(/\.$/, '')}`;

/** A model's training that a hook ended, as a sentence. */
export const stoppedInWords = (name: string, { stopped }: Pick<ModelResult, 'stopped'>): string[] =>
  stopped === undefined
    ? []
    : [
        `${name}: training was stopped ${stoppedWhere(stopped)}. What is measured is the network of that moment; ` +
          'resuming with --continue-stopped goes on from there.',
      ];

/** The run that a hook ended, as a sentence. */
export function stoppedRunInWords({
  stopped,
  notTrained = [],
}: Pick<RunResult, 'stopped' | 'notTrained'>): string[] {
  if (stopped === undefined) return [];
  const left =
    notTrained.length === 0 ? 'every model was trained by then' : `not trained: ${notTrained.join(', ')}`;
  return [`The run was stopped by the hook ${stopped.by}, with ${stopped.model}; ${left}.`];
}

/** The error of a comparison one of whose runs a hook stopped before all students were trained. */
export const stoppedComparisonError = ({ run, stopped, notTrained = [] }: RunResult): AncError =>
  new AncError('ANC_STOPPED', 'a run was stopped before all methods were trained: they cannot be compared.', {
    expected: `students of ${notTrained.join(', ')} in ${run}`,
    received: `a request ${stoppedWhere(stopped!)}`,
    hint: `train them with anc-cli run --resume ${shellQuoted(run)} --continue-stopped, and resume the comparison.`,
  });

/** The error of a run that a hook stopped before any student was trained. */
export const stoppedError = ({ run, stopped }: RunResult): AncError =>
  new AncError('ANC_STOPPED', 'the run was stopped before a student was trained.', {
    received: `a request of the hook ${stopped!.by} (${stopped!.plugin}): ${stopped!.reason}`,
    hint: `what was trained is in ${run}; resuming with continueStopped goes on.`,
  });
