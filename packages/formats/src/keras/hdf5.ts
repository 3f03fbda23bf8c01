import { AncError, isAncError, type HostTensor } from '@anc/core';
import type { Dataset, Group } from 'jsfive';
import { elementCount } from '../bytes/element-count.js';

/** A group of an HDF5 file: its members by path, and its attributes. */
export interface Hdf5Group {
  readonly names: readonly string[];
  /** Strings without padding. */
  attribute(name: string): unknown;
  /**
   * A list of names; null if there is none. Keras distributes one that is too long for HDF5 over attributes `name0`,
   * `name1` and so on.
   */
  list(name: string): readonly string[] | null;
  /** Null if there is none. */
  group(path: string): Hdf5Group | null;
  /** Throws `ANC_WEIGHTS` if it does not exist or does not hold floating-point numbers. */
  floats(path: string): HostTensor;
  /** Paths of the datasets of floating-point numbers at any depth, in the order of their names. */
  datasets(): readonly string[];
}

/** The error `ANC_WEIGHTS` about a Keras file that cannot be read; `why` says what is wrong with it. */
export const damagedKeras = (why: string, cause?: unknown): AncError =>
  new AncError('ANC_WEIGHTS', `not a readable Keras file: ${why}.`, {
    expected: 'a file from model.save() or model.save_weights(): .keras or .h5',
    ...(cause === undefined ? {} : { cause }),
  });

/**
 * Numbers that all tensors may have per byte of the file: weights take two bytes or more each, unless they are
 * compressed.
 */
const MOST_PER_BYTE = 8;
/** Groups that are looked up per byte of the file, which has a header of 40 bytes for each. A group may contain itself. */
const GROUPS_PER_BYTE = 1;

/** What is left of a file's budget. */
interface Budget {
  numbers: number;
  groups: number;
}

/**
 * Opens an HDF5 file in memory. Throws `ANC_WEIGHTS` if it is damaged.
 *
 * Sizes of tensors are checked against the file's length before the library reads them. The library follows the
 * addresses in a file wherever they lead, so a damaged one can still keep it busy for ever: whoever reads files from
 * anywhere does so where it can be ended.
 */
export async function openHdf5(bytes: Uint8Array<ArrayBuffer>): Promise<Hdf5Group> {
  const { File } = await import('jsfive');
  const budget = { numbers: MOST_PER_BYTE * bytes.length, groups: GROUPS_PER_BYTE * bytes.length };
  return wrapped(
    guarded('it is damaged or cut short', () => new File(bytes.buffer)),
    budget,
  );
}

function wrapped(group: Group, budget: Budget): Hdf5Group {
  const attribute = (name: string): unknown =>
    guarded(`its "${name}" cannot be read`, () => withoutPadding(group.attrs[name]));
  return {
    get names() {
      return guarded('a group cannot be read', () => [...group.keys]);
    },
    attribute,
    list(name) {
      const whole = attribute(name);
      if (Array.isArray(whole)) return whole.map(String);
      const parts: string[] = [];
      for (let i = 0, part = attribute(`${name}0`); Array.isArray(part); part = attribute(`${name}${++i}`)) {
        for (const one of part) parts.push(String(one));
      }
      return parts.length > 0 ? parts : null;
    },
    group(path) {
      if (--budget.groups < 0) throw damagedKeras('its groups contain each other');
      const found = lookUp(group, path);
      return found !== null && isGroup(found) ? wrapped(found, budget) : null;
    },
    floats(path) {
      const found = lookUp(group, path);
      if (found === null || isGroup(found)) throw damagedKeras(`it has no tensor "${path}"`);
      const { dtype, shape } = guarded(`"${path}" cannot be read`, () => ({
        dtype: found.dtype,
        shape: [...found.shape],
      }));
      if (!isFloat(dtype)) {
        throw damagedKeras(`"${path}" holds ${String(dtype)}, which are not floating-point numbers`);
      }
      const count = elementCount(shape);
      budget.numbers -= count;
      if (budget.numbers < 0) throw damagedKeras(`"${path}" [${shape.join(', ')}] is larger than the file`);
      const value = guarded(`"${path}" cannot be read`, () => found.value) as ArrayLike<unknown> | undefined;
      if (value?.length !== count) throw damagedKeras(`"${path}" is cut short`); // undefined for an unknown layout
      // Of the chunks of a tensor some may be missing.
      const data = new Float32Array(count);
      for (let i = 0; i < count; i++) data[i] = numberIn(value, i, path);
      return { shape, data };
    },
    datasets: () => guarded('its groups cannot be read', () => floatsIn(group)),
  };
}

const isFloat = (dtype: unknown): dtype is string => typeof dtype === 'string' && /^[<>]f[248]$/.test(dtype);

/** How many members of groups are looked at, and how deep: links may form cycles. */
const MEMBERS = 20_000;
const DEPTH = 12;

function floatsIn(root: Group): string[] {
  const { compare } = new Intl.Collator('en', { numeric: true });
  let seen = 0;
  const search = (group: Group, path: string, depth: number): string[] =>
    [...group.keys].sort(compare).flatMap((name): string[] => {
      if (++seen > MEMBERS) throw damagedKeras(`its groups have more than ${MEMBERS} members`);
      const found = lookUp(group, name);
      const inner = `${path}${name}`;
      if (found === null) return [];
      if (!isGroup(found)) return isFloat(found.dtype) ? [inner] : [];
      return depth < DEPTH ? search(found, `${inner}/`, depth + 1) : [];
    });
  return search(root, '', 0);
}

/** Strings of a fixed length are padded with NUL bytes or spaces, lists of them too. */
function withoutPadding(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPadding);
  return typeof value === 'string' ? value.replace(/[\0 ]+$/, '') : value;
}

function numberIn(values: ArrayLike<unknown>, i: number, path: string): number {
  const value = values[i];
  if (typeof value !== 'number') throw damagedKeras(`"${path}" is cut short`);
  return value;
}

/** Not decided by `keys`: the library's datasets are arrays, which have a method of that name. */
const isGroup = (found: Group | Dataset): found is Group => !('dtype' in found);

/** A name and a path below it, neither of which goes up or stays. */
const DOWNWARDS = /^((?!\.{1,2}\/)[^/]+)\/((?!\.{1,2}(?:\/|$))[^/].*)$/s;

/** Members that are on the way to others: the library would read a group with all its links for every path through it. */
const onTheWay = new WeakMap<Group, Map<string, Group | Dataset | null>>();

/** What is at a path; null for nothing. */
function lookUp(group: Group, path: string): Group | Dataset | null {
  const [, name, rest] = DOWNWARDS.exec(path) ?? [];
  if (name === undefined || rest === undefined) return member(group, path);
  const known = onTheWay.get(group) ?? new Map<string, Group | Dataset | null>();
  onTheWay.set(group, known);
  const found = known.has(name) ? known.get(name)! : member(group, name);
  known.set(name, found);
  return found === null || !isGroup(found) ? null : lookUp(found, rest);
}

/** The library throws for a path that does not exist. */
function member(group: Group, path: string): Group | Dataset | null {
  try {
    return group.get(path) ?? null;
  } catch {
    return null;
  }
}

function guarded<T>(why: string, work: () => T): T {
  const { warn, log } = console;
  // The library prints names from the file, with whatever control characters they have.
  const silent = (): undefined => undefined;
  Object.assign(console, { warn: silent, log: silent });
  try {
    return work();
  } catch (cause) {
    throw isAncError(cause) ? cause : damagedKeras(why, cause);
  } finally {
    Object.assign(console, { warn, log });
  }
}
