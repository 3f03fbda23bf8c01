import { resolve } from 'node:path';
import { optionError } from '../options/option-error.js';
import { optionByKey } from '../options/option-table.js';
import { describeNamed, type Named } from '../text/named.js';

type Flat = Readonly<Record<string, unknown>>;

/** What is not taken over: a name of its own, a budget that was met, and where the parent's student started. */
const NOT_INHERITED: readonly string[] = [
  'name',
  'continue',
  'studentWeights',
  'maxParameters',
  'maxFlops',
  'maxBytes',
  'maxMs',
];

/** What is about something else once an option is given: how the parent's teacher is read, how long it trained. */
const REPLACED_BY: Readonly<Record<string, readonly string[]>> = {
  teacher: ['teacherPreprocessing', 'classes'],
  epochs: ['time'],
};

/** What decides which training images are held out, with its value where a record has none. */
const HELD_OUT_BY: Flat = { validation: 0, stratify: false, limitTrain: null, dataSeed: undefined };

/** What a run takes over from the run that it continues. */
export interface InheritedOptions {
  /** By key; the options of the new run replace them. */
  readonly flat: Flat;
  readonly notices: readonly string[];
}

/**
 * The options that a run with its `own` options, by key, takes over from the record of its parent. The same images are held
 * out, whatever the seed: the student was trained on the others.
 *
 * @throws `ANC_CONFIG` where images would be held out that the student was trained on
 */
export function inheritedOptions(recorded: Flat, own: Flat, cwd: string): InheritedOptions {
  const left = Object.keys(own).flatMap((key) => (own[key] === undefined ? [] : (REPLACED_BY[key] ?? [])));
  const kept = Object.entries(recorded).filter(
    ([key]) => !NOT_INHERITED.includes(key) && !left.includes(key),
  );
  const flat: Flat = {
    ...Object.fromEntries(kept),
    dataSeed: recorded['dataSeed'] ?? recorded['seed'],
  };
  assertSameHeldOut(flat, own);
  return { flat, notices: otherData(recorded, own, cwd) };
}

const shown = (value: unknown): string => (value === null ? 'all' : JSON.stringify(value));

function assertSameHeldOut(parent: Flat, own: Flat): void {
  if ((own['validation'] ?? parent['validation'] ?? 0) === 0) return;
  for (const [key, absent] of Object.entries(HELD_OUT_BY)) {
    const before = parent[key] ?? absent;
    if (own[key] === undefined || own[key] === before) continue;
    throw optionError(
      optionByKey(key)!.path,
      'images would be held out that the continued student was trained on.',
      {
        expected: `${shown(before)}, as in the run that is continued`,
        received: shown(own[key]),
        hint: 'leave it out; with --validation 0 nothing is held out, and these options may change.',
      },
    );
  }
}

/** What the parent's student was trained with, where the caller gives something else. */
function otherData(recorded: Flat, own: Flat, cwd: string): string[] {
  const directory = own['dataDir'];
  const isMoved = typeof directory === 'string' && resolve(cwd, directory) !== recorded['dataDir'];
  const dataset = recorded['dataset'] as Named;
  const given = own['dataset'] as Named | undefined;
  const isOther = given !== undefined && describeNamed(given) !== describeNamed(dataset);
  const { normalization = 'channel' } = recorded as { normalization?: string };
  return [
    ...(isMoved || isOther
      ? [
          `the data is given anew, and the student was trained on ${dataset.name}: whether it has seen images that are held out or tested on is not checked.`,
        ]
      : []),
    ...(own['normalization'] !== undefined && own['normalization'] !== normalization
      ? [`the student was trained with the normalization ${normalization}, and continues with another.`]
      : []),
  ];
}
