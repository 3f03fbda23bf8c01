import { EngineState, toStateLayout } from '@anc/compiler';
import { mapTree, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from './engine/client.js';
import type { SentTensors } from './engine/protocol.js';

/** A state in the heap of oneDNN's thread. */
export class OnednnState extends EngineState {
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

  protected readEntries(names: readonly string[] | null): Promise<SentTensors> {
    return this.engine.call('readState', this.handle, names);
  }

  protected writeEntries(entries: Tree<HostTensor>): Promise<void> {
    return this.engine.call('writeState', this.handle, entries);
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseState', this.handle);
  }
}
