import { fromStateLayout, sameShape, toStateLayout } from '@anc/compiler';
import { AncError, mapTree, type DeviceState, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from './engine/client.js';

/** A state in the engine's memory, which every compiled step of the same backend can advance. */
export class OnednnState implements DeviceState {
  /** The run that advances it last; what reads the state waits for it. */
  #running: Promise<void> = Promise.resolve();

  private constructor(
    readonly engine: EngineClient,
    /** Its number in the engine. */
    readonly handle: number,
    /** Shapes of the entries. */
    readonly shapes: ReadonlyMap<string, readonly number[]>,
  ) {}

  static async upload(engine: EngineClient, state: Tree<HostTensor>): Promise<OnednnState> {
    const handle = engine.handle();
    await engine.call('createState', handle, mapTree(state, toStateLayout));
    const shapes = Object.entries(state).map(([name, { shape }]) => [name, [...shape]] as const);
    return new OnednnState(engine, handle, new Map(shapes));
  }

  /** Waits for a run that was requested before `running`, so that never more than two wait for the engine. */
  advancedBy(running: Promise<void>): Promise<void> {
    const before = this.#running;
    this.#running = running;
    return before;
  }

  async read(names?: readonly string[]): Promise<Tree<HostTensor>> {
    for (const name of names ?? []) this.#known(name);
    await this.#running;
    const entries = await this.engine.call('readState', this.handle, names ?? null);
    return mapTree(entries, ({ data }, name) => fromStateLayout(data, this.#known(name)));
  }

  async write(entries: Tree<HostTensor>): Promise<void> {
    for (const [name, { shape }] of Object.entries(entries)) {
      const expected = this.#known(name);
      if (!sameShape(expected, shape)) {
        throw new AncError('ANC_SHAPE', `state entry "${name}" has another shape.`, {
          expected: `[${expected.join(', ')}]`,
          received: `[${shape.join(', ')}]`,
        });
      }
    }
    await this.#running;
    await this.engine.call('writeState', this.handle, mapTree(entries, toStateLayout));
  }

  async dispose(): Promise<void> {
    await this.#running.catch(() => undefined);
    await this.engine.call('releaseState', this.handle);
  }

  #known(name: string): readonly number[] {
    const shape = this.shapes.get(name);
    if (shape === undefined) throw new AncError('ANC_TREE', `the state has no entry "${name}".`);
    return shape;
  }
}
