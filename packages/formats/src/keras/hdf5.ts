import { AncError, sizeOf, type HostTensor } from '@anc/core';
import type { Dataset, Group } from 'jsfive';

/** A group of an HDF5 file: its members by path, and its attributes. */
export interface Hdf5Group {
  readonly names: readonly string[];
  attribute(name: string): unknown;
  /** Null if there is none. */
  group(path: string): Hdf5Group | null;
  /** Throws `ANC_WEIGHTS` if it does not exist or does not hold floating-point numbers. */
  floats(path: string): HostTensor;
}

export const damagedKeras = (why: string, cause?: unknown): AncError =>
  new AncError('ANC_WEIGHTS', `not a readable Keras file: ${why}.`, {
    expected: 'a file from model.save() or model.save_weights(): .keras or .h5',
    ...(cause === undefined ? {} : { cause }),
  });

/** Opens an HDF5 file in memory. Throws `ANC_WEIGHTS` if it is damaged. */
export async function openHdf5(bytes: Uint8Array<ArrayBuffer>): Promise<Hdf5Group> {
  const { File } = await import('jsfive');
  return wrapped(guarded('it is damaged or cut short', () => new File(bytes.buffer)));
}

function wrapped(group: Group): Hdf5Group {
  return {
    get names() {
      return guarded('a group cannot be read', () => [...group.keys]);
    },
    attribute: (name) => guarded(`its "${name}" cannot be read`, () => group.attrs[name]),
    group(path) {
      const found = lookUp(group, path);
      return found !== null && isGroup(found) ? wrapped(found) : null;
    },
    floats(path) {
      const found = lookUp(group, path);
      if (found === null || isGroup(found)) throw damagedKeras(`it has no tensor "${path}"`);
      const { dtype, shape, value } = guarded(`"${path}" cannot be read`, () => ({
        dtype: found.dtype,
        shape: [...found.shape],
        value: found.value,
      }));
      if (typeof dtype !== 'string' || !/^[<>]f[248]$/.test(dtype)) {
        throw damagedKeras(`"${path}" holds ${String(dtype)}, which are not floating-point numbers`);
      }
      const data = Float32Array.from(value as ArrayLike<number>);
      if (data.length !== sizeOf(shape)) throw damagedKeras(`"${path}" is cut short`);
      return { shape, data };
    },
  };
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
    throw damagedKeras(why, cause);
  }
}
