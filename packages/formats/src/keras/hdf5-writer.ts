import type { HostTensor } from '@anc/core';
import type { Group as Hdf5Group } from 'h5wasm';

/** A group of an HDF5 file to write. */
export interface NewGroup {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly groups?: Readonly<Record<string, NewGroup>>;
  readonly floats?: Readonly<Record<string, HostTensor>>;
}

/** Number of the next file in the library's own file system, which is in memory. */
let written = 0;

/**
 * The bytes of an HDF5 file, which is built in memory.
 *
 * The library could also read files, faster than jsfive; but damaged files, which may come from anywhere, make it read
 * outside of its memory and allocate gigabytes.
 */
export async function writeHdf5(root: NewGroup): Promise<Uint8Array> {
  const { File, ready } = await import('h5wasm');
  const { FS, activate_throwing_error_handler: throwErrors } = await ready;
  throwErrors(); // otherwise it prints them
  const path = `/${written++}.h5`;
  atFixedTime(() => {
    const file = new File(path, 'w');
    try {
      fill(file, root);
    } finally {
      file.close();
    }
  });
  try {
    return FS.readFile(path);
  } finally {
    FS.unlink(path);
  }
}

/**
 * Runs synchronous work with the clock at zero: HDF5 stores the time of every dataset, h5wasm cannot turn that off, and the
 * same content must give the same bytes.
 */
function atFixedTime(work: () => void): void {
  const { now } = Date;
  Date.now = () => 0;
  try {
    work();
  } finally {
    Date.now = now;
  }
}

type Group = Pick<Hdf5Group, 'create_attribute' | 'create_dataset'> & {
  create_group(name: string): Group;
};

function fill(group: Group, { attributes = {}, groups = {}, floats = {} }: NewGroup): void {
  for (const [name, value] of Object.entries(attributes)) group.create_attribute(name, value);
  for (const [name, { shape, data }] of Object.entries(floats)) {
    group.create_dataset({ name, data, shape: [...shape], dtype: '<f4' });
  }
  for (const [name, inner] of Object.entries(groups)) fill(group.create_group(name), inner);
}
