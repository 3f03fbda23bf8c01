import { EngineState, toStateLayout } from '@anc/compiler';
import { mapTree, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from './engine/client.js';
import type { SentTensors } from './engine/protocol.js';

/** A state in the heap of oneDNN's thread. */
export class OnednnState extends EngineState {
  /** The run that advances it last; what reads the state waits for it. */
  #running: Promise<void> = Promise.resolve();

  private constructor(
    readonly engine: EngineClient,
    handle: number,
    state: Tree<HostTensor>,
  ) {
    super(handle, state);
  }

  static async upload(engine: EngineClient, state: Tree<HostTensor>): Promise<OnednnState> {
    const handle = engine.handle();
    await engine.call('createState', handle, mapTree(state, toStateLayout));
    return new OnednnState(engine, handle, state);
  }

  /** Waits for a run that was requested before `running`, so that never more than two wait for the engine. */
  advancedBy(running: Promise<void>): Promise<void> {
    const before = this.#running;
    this.#running = running;
    return before;
  }

  protected async readEntries(names: readonly string[] | null): Promise<SentTensors> {
    await this.#running;
    return this.engine.call('readState', this.handle, names);
  }

  protected async writeEntries(entries: Tree<HostTensor>): Promise<void> {
    await this.#running;
    await this.engine.call('writeState', this.handle, entries);
  }

  async dispose(): Promise<void> {
    await this.#running.catch(() => undefined);
    await this.engine.call('releaseState', this.handle);
  }
}
