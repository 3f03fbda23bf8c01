import { EngineState } from '@anc/compiler';
import { mapTree, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from './engine/client.js';
import type { SerializedTensors } from './engine/protocol.js';
import { serializeStateEntry, serializeTensor } from './serialized-tensor.js';

/** A state in the memory of ONNX Runtime's thread. Steps that wait to be sent are done before it is read or written. */
export class OnnxState extends EngineState {
  private constructor(
    readonly engine: EngineClient,
    handle: number,
    state: Tree<HostTensor>,
  ) {
    super(handle, state);
  }

  static async upload(engine: EngineClient, state: Tree<HostTensor>): Promise<OnnxState> {
    const handle = engine.handle();
    await engine.call('createState', handle, mapTree(state, serializeStateEntry));
    return new OnnxState(engine, handle, state);
  }

  protected async readEntries(names: readonly string[] | null): Promise<SerializedTensors> {
    await this.engine.steps.settled();
    return this.engine.call('readState', this.handle, names);
  }

  protected async writeEntries(entries: Tree<HostTensor>): Promise<void> {
    await this.engine.steps.settled();
    await this.engine.call('writeState', this.handle, mapTree(entries, serializeTensor));
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseState', this.handle);
  }
}
