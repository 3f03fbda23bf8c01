import { AncError, type DeviceState, type HostTensor, type Tree } from '@anc/core';

/** A state in the host's memory: no step runs on this backend. */
export class HostState implements DeviceState {
  readonly #entries: Map<string, HostTensor>;

  constructor(state: Tree<HostTensor>) {
    this.#entries = new Map(Object.entries(state).map(([name, tensor]) => [name, copyOf(tensor)]));
  }

  read(names: readonly string[] = [...this.#entries.keys()]): Promise<Tree<HostTensor>> {
    return new Promise((resolve) => {
      resolve(Object.fromEntries(names.map((name) => [name, copyOf(this.#known(name))])));
    });
  }

  write(entries: Tree<HostTensor>): Promise<void> {
    return new Promise((resolve) => {
      for (const [name, { shape }] of Object.entries(entries)) {
        const expected = this.#known(name).shape;
        if (expected.join() !== shape.join()) {
          throw new AncError('ANC_SHAPE', `state entry "${name}" has another shape.`, {
            expected: `[${expected.join(', ')}]`,
            received: `[${shape.join(', ')}]`,
          });
        }
      }
      for (const [name, tensor] of Object.entries(entries)) this.#entries.set(name, copyOf(tensor));
      resolve();
    });
  }

  dispose(): Promise<void> {
    this.#entries.clear();
    return Promise.resolve();
  }

  #known(name: string): HostTensor {
    const tensor = this.#entries.get(name);
    if (tensor === undefined) throw new AncError('ANC_TREE', `the state has no entry "${name}".`);
    return tensor;
  }
}

const copyOf = ({ shape, data }: HostTensor): HostTensor => ({ shape: [...shape], data: data.slice() });
