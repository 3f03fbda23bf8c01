import type { Tensor } from '@tensorflow/tfjs-core';
import type { DeviceState } from '../contracts/backend.js';
import { AncError } from '../errors/error.js';
import type { HostTensor, Tree } from '../tree/tree.js';
import { toHost, toTensor } from './host-tensor.js';

/** Runs `f` while the owner's tfjs backend is active; `f` must not await before its last op. */
export type RunExclusive = <T>(f: () => T) => Promise<T>;

/** Named tensors on one tfjs backend. */
export class EagerState implements DeviceState {
  readonly tensors = new Map<string, Tensor>();

  private constructor(readonly within: RunExclusive) {}

  static async upload(within: RunExclusive, state: Tree<HostTensor>): Promise<EagerState> {
    const held = new EagerState(within);
    await within(() => {
      for (const [name, host] of Object.entries(state)) held.tensors.set(name, toTensor(host));
    });
    return held;
  }

  async read(names: readonly string[] = [...this.tensors.keys()]): Promise<Tree<HostTensor>> {
    const wanted = names.map((name) => [name, this.#known(name)] as const);
    const pairs = wanted.map(async ([name, tensor]) => [name, await toHost(tensor)] as const);
    const read = await Promise.all(pairs);
    await this.within(() => {}); // checks the device: one that failed meanwhile gave stale values
    return Object.fromEntries(read);
  }

  async write(entries: Tree<HostTensor>): Promise<void> {
    for (const [name, { shape }] of Object.entries(entries)) {
      const expected = this.#known(name).shape;
      if (expected.join() !== shape.join()) {
        throw new AncError('ANC_SHAPE', `state entry "${name}" has another shape.`, {
          expected: `[${expected.join(', ')}]`,
          received: `[${shape.join(', ')}]`,
        });
      }
    }
    await this.within(() => {
      for (const [name, host] of Object.entries(entries)) this.replace({ [name]: toTensor(host) });
    });
  }

  /** Takes ownership of tensors and disposes of those that they replace. */
  replace(entries: Tree): void {
    for (const [name, tensor] of Object.entries(entries)) {
      const before = this.tensors.get(name);
      if (before !== undefined && before !== tensor) before.dispose();
      this.tensors.set(name, tensor);
    }
  }

  dispose(): Promise<void> {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
    return Promise.resolve();
  }

  #known(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new AncError('ANC_TREE', `the state has no entry "${name}".`);
    return tensor;
  }
}
