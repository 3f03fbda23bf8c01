import { folderName } from '@anc/runtime';
import type { Composition } from '../composition/compose.js';
import { optionError } from '../options/option-error.js';
import { mergeInputs, resolveOptions, type ResolvedOptions } from '../options/resolve.js';
import type { OptionPath, RunOptions, RunOptionsInput } from '../options/run-options.js';
import { methodOptions } from '../planning/method-options.js';
import { anchored } from '../run/start.js';
import { describeNamed, parseNamed } from '../text/named.js';
import { methodsOf, type PaperGroup, type PaperTable } from './tables.js';

/** One comparison of a table: its rows and its options. */
export interface PlannedGroup {
  readonly group: PaperGroup;
  /** Its folder's name: dataset and student. */
  readonly name: string;
  readonly options: RunOptions;
  readonly given: readonly OptionPath[];
}

export interface GridOptions {
  /** Share of the paper's epochs. */
  readonly scale: number;
  readonly cwd: string;
  /** Options that the table's own take precedence over, e.g. of a configuration file. */
  readonly base?: RunOptionsInput;
}

/** The name of a group's folder. */
export const groupName = ({ dataset }: PaperGroup, { student }: RunOptions): string =>
  folderName(`${dataset}-${student.model.name}`);

/**
 * The comparisons of a table with the paper's preset, their epochs scaled. `input` replaces single options. Throws
 * `ANC_CONFIG`.
 */
export function gridOf({ groups }: PaperTable, input: RunOptionsInput, grid: GridOptions): PlannedGroup[] {
  const fixed =
    input.methods !== undefined
      ? ['methods']
      : input.data?.dataset !== undefined
        ? ['data', 'dataset']
        : null;
  if (fixed !== null) {
    throw optionError(fixed, 'the table determines it.', {
      hint: 'use `anc-cli compare` for a comparison of your own.',
    });
  }
  return groups.map((group) => plannedGroup(group, input, grid));
}

function plannedGroup(
  group: PaperGroup,
  input: RunOptionsInput,
  { scale, cwd, base = {} }: GridOptions,
): PlannedGroup {
  const { dataset, teacher, student, modelOptions = {} } = group;
  const model = (name: string) => ({ model: { name, ...modelOptions } });
  const wanted: RunOptionsInput = {
    ...mergeInputs(base, { preset: 'paper', teacher: model(teacher), student: model(student) }, input),
    data: { ...base.data, ...input.data, dataset },
    methods: methodsOf(group),
  };
  const full = resolveOptions(wanted);
  const { options, given } = scaled(full, wanted, scale);
  return { group, name: groupName(group, options), options: anchored(options, cwd), given };
}

function scaled(full: ResolvedOptions, wanted: RunOptionsInput, scale: number): ResolvedOptions {
  if (scale === 1 || wanted.training?.epochs !== undefined) return full;
  const epochs = Math.max(1, Math.round(full.options.training.epochs * scale));
  return resolveOptions({ ...wanted, training: { ...wanted.training, epochs } });
}

/** Checks every name and every method's options of a grid. Throws `ANC_UNKNOWN` or `ANC_OPTIONS`. */
export async function checkGrid(grid: readonly PlannedGroup[], composition: Composition): Promise<void> {
  const { registries } = composition;
  for (const { options } of grid) {
    registries.datasets.get(options.data.dataset.name);
    for (const { model } of [options.teacher, options.student]) registries.models.get(model.name);
    for (const named of options.methods) {
      await registries.methods.check({
        name: named.name,
        options: methodOptions(named, options, composition),
      });
    }
  }
}

/** The index of a row's method in its comparison; -1 for the teacher and for rows that are not run. */
export function indexOf({ options }: PlannedGroup, text: string): number {
  const wanted = describeNamed(parseNamed(text)!);
  return options.methods.findIndex((named) => describeNamed(named) === wanted);
}
