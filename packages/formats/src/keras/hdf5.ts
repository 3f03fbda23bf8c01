import { AncError, isAncError, sizeOf, type HostTensor } from '@anc/core';
import type { Dataset, Group } from 'jsfive';

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

export const damagedKeras = (why: string, cause?: unknown): AncError =>
  new AncError('ANC_WEIGHTS', `not a readable Keras file: ${why}.`, {
    expected: 'a file from model.save() or model.save_weights(): .keras or .h5',
    ...(cause === undefined ? {} : { cause }),
  });

/** Opens an HDF5 file in memory. Throws `ANC_WEIGHTS` if it is damaged. */
export async function openHdf5(bytes: Uint8Array<ArrayBuffer>): Promise<Hdf5Group> {
  const { File } = await import('jsfive');
  const budget = { bytes: EXPANSION * bytes.length };
  return wrapped(
    guarded('it is damaged or cut short', () => new File(bytes.buffer)),
    budget,
  );
}

/** Most bytes that deflate can make of one; shapes that claim more are damaged. */
const EXPANSION = 1032;

/** @param budget bytes of tensors that the file can still hold */
function wrapped(group: Group, budget: { bytes: number }): Hdf5Group {
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
        parts.push(...part.map(String));
      }
      return parts.length > 0 ? parts : null;
    },
    group(path) {
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
      budget.bytes -= sizeOf(shape) * Number(dtype.at(-1));
      if (!(budget.bytes >= 0)) throw damagedKeras(`"${path}" [${shape.join(', ')}] is larger than the file`);
      const value = guarded(`"${path}" cannot be read`, () => found.value);
      const data = Float32Array.from(value as ArrayLike<number>);
      if (data.length !== sizeOf(shape)) throw damagedKeras(`"${path}" is cut short`);
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

/** Not decided by `keys`: the library's datasets are arrays, which have a method of that name. */
const isGroup = (found: Group | Dataset): found is Group => !('dtype' in found);

/** The library throws for a path that does not exist. */
function lookUp(group: Group, path: string): Group | Dataset | null {
  try {
    return group.get(path) ?? null;
  } catch {
    return null;
  }
}

function guarded<T>(why: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw isAncError(cause) ? cause : damagedKeras(why, cause);
  }
}
