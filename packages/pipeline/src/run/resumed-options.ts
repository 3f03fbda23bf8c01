import type { RunFolder } from '@anc/runtime';
import {
  changedError,
  changedOptions,
  editedOptions,
  optionsForRecord,
  type ChangedOption,
} from '../files/recorded-options.js';
import { optionError } from '../options/option-error.js';
import { readOptions, RESUMABLE_KEYS, resumedOptions } from '../options/record.js';
import type { RunOptions } from '../options/run-options.js';

/** Options that may be lowered after training diverged. */
export const RATES = ['learningRate', 'teacherLearningRate'] as const;

/** What chose the student, or its weights, when the run began: there is nothing left that could follow another value. */
const DECIDED: readonly string[] = ['continue', 'maxParameters', 'maxFlops', 'maxBytes', 'maxMs'];

/** The options that a resumed run continues with. */
export interface ResumedOptions {
  readonly options: RunOptions;
  /** Those on which results depend, and which are not those of the run: to be recorded. */
  readonly changed: readonly ChangedOption[];
}

/**
 * Options of a run that is resumed: its own, with the requested changes. A rate may be lowered where training diverged; other
 * options on which the result depends, whether requested or edited in the folder, only where `accept` is set, and what decided
 * about the student never.
 *
 * @throws `ANC_CONFIG` for a change that is not accepted, `ANC_RUN_CHANGED` for one that was edited into the folder,
 *   `ANC_RUN_CONFIG` where the record is damaged.
 */
export async function optionsToResume(
  folder: RunFolder,
  requested: Readonly<Record<string, unknown>>,
  accept: boolean,
): Promise<ResumedOptions> {
  const text = await folder.readConfig();
  const own = readOptions(text);
  const edited = await editedOptions(folder, own);
  if (edited.length > 0 && !accept) throw changedError(folder, edited);
  const others = Object.keys(requested).filter(
    (key) => requested[key] !== undefined && !RESUMABLE_KEYS.some((known) => known === key),
  );
  if (!accept) for (const key of others) await assertLowered(folder, key, requested[key], own);
  const options = resumedOptions(requested, text, others);
  const changed = changedOptions(optionsForRecord(own), optionsForRecord(options));
  const all = [...edited.filter(({ key }) => !changed.some((one) => one.key === key)), ...changed];
  assertUndecided(all);
  return { options, changed: all };
}

/** Throws `ANC_CONFIG` for a change of what was decided when the run began. */
function assertUndecided(changed: readonly ChangedOption[]): void {
  const decided = changed.find(({ key }) => DECIDED.includes(key));
  if (decided === undefined) return;
  const { key, from, to } = decided;
  const shown = (value: unknown): string =>
    value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
  throw optionError([key], 'it decided about the student when the run began, and cannot change any more.', {
    expected: shown(from),
    received: shown(to),
    hint: 'undo the change, or start a new run with it.',
  });
}

/** Throws `ANC_CONFIG` unless a change is a lower rate after a divergence. */
async function assertLowered(
  folder: RunFolder,
  key: string,
  value: unknown,
  { training, teacher }: RunOptions,
): Promise<void> {
  const accepting = 'add --change-options to train what is unfinished with it, or start a new run.';
  const rate = RATES.find((known) => known === key);
  if (rate === undefined) {
    throw optionError([key], 'a run is resumed with its own options.', {
      expected: `no other options than ${RESUMABLE_KEYS.join(', ')}`,
      hint: accepting,
    });
  }
  const diverged = (await folder.metrics.read()).some(({ event }) => event === 'diverged');
  if (!diverged) {
    throw optionError([key], 'a run is resumed with its own options.', {
      expected: 'a run in which training diverged, whose rate may be lowered',
      hint: accepting,
    });
  }
  const before =
    rate === 'learningRate' ? training.learningRate : (teacher.learningRate ?? training.learningRate);
  if (typeof value === 'number' && value < before) return;
  throw optionError([key], 'training diverged: expected a lower rate.', {
    expected: `less than ${before}`,
    received: String(value),
    hint: accepting,
  });
}
