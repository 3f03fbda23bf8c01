import { optionError } from '../options/option-error.js';
import { suggestion } from '../text/nearest.js';

/** The names of a call's options: one for each, so that the compiler knows of one that is missing. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/** Throws `ANC_CONFIG` where a caller gives an option that a call does not have. */
export function assertKnown(given: object, names: Readonly<Record<string, true>>): void {
  const known = Object.keys(names);
  const other = Object.keys(given).find((key) => !Object.hasOwn(names, key));
  if (other === undefined) return;
  const hint = suggestion(other, known);
  throw optionError([other], 'there is no such option.', {
    expected: known.join(', '),
    ...(hint === null ? {} : { hint }),
  });
}
