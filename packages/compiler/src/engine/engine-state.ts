import { AncError, mapTree, type DeviceState, type HostTensor, type Tree } from '@anc/core';
import { sameShape } from '../graph/graph.js';
import { fromStateLayout, toStateLayout } from '../trace/state-layout.js';

/**
 * A state in an engine's memory, in the memory order that compiled steps use. Every compiled step of the same backend can
 * advance it.
 */
export abstract class EngineState implements DeviceState {
  readonly #shapes: ReadonlyMap<string, readonly number[]>;

  protected constructor(
    /** Its number in the engine. */
    readonly handle: number,
    state: Tree<HostTensor>,
  ) {
    this.#shapes = new Map(Object.entries(state).map(([name, { shape }]) => [name, [...shape]]));
  }

  /** Reads entries in the memory order of steps; null: all. */
  protected abstract readEntries(names: readonly string[] | null): Promise<Tree<Pick<HostTensor, 'data'>>>;

  /** Replaces entries by others in the memory order of steps. */
  protected abstract writeEntries(entries: Tree<HostTensor>): Promise<void>;

  abstract dispose(): Promise<void>;

  async read(names?: readonly string[]): Promise<Tree<HostTensor>> {
    for (const name of names ?? []) this.#shapeOf(name);
    const entries = await this.readEntries(names ?? null);
    return mapTree(entries, ({ data }, name) => fromStateLayout(data, this.#shapeOf(name)));
  }

  async write(entries: Tree<HostTensor>): Promise<void> {
    for (const [name, { shape }] of Object.entries(entries)) {
      const expected = this.#shapeOf(name);
      if (!sameShape(expected, shape)) {
        throw new AncError('ANC_SHAPE', `state entry "${name}" has another shape.`, {
          expected: `[${expected.join(', ')}]`,
          received: `[${shape.join(', ')}]`,
        });
      }
    }
    await this.writeEntries(mapTree(entries, toStateLayout));
  }

  #shapeOf(name: string): readonly number[] {
    const shape = this.#shapes.get(name);
    if (shape === undefined) throw new AncError('ANC_TREE', `the state has no entry "${name}".`);
    return shape;
  }
}
