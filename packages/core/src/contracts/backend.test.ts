import { describe, expect, it } from 'vitest';
import { AncError } from '../errors/error.js';
import { mapTree } from '../tree/tree.js';
import {
  Backend,
  type CompiledFunction,
  type CompiledStep,
  type DeviceState,
  type Inputs,
} from './backend.js';
import type { Step, StepSpec } from './step.js';

const spec: StepSpec = {
  state: { w: { shape: [2], dtype: 'float32' }, n: { shape: [], dtype: 'int32' } },
  batch: { images: { shape: [3, 1], dtype: 'uint8' } },
  hyper: ['rate', 'lambda'],
};
const step: Step = { id: 'toy', phases: [] };

/** Records what happens to it; `failsAt` names the call that throws. */
class RecordingBackend extends Backend {
  readonly name = 'recording';
  readonly capabilities = { training: true, deterministic: true, compiled: false };
  readonly environment = {};
  readonly log: string[] = [];
  inputs: Inputs | null = null;

  constructor(readonly failsAt: string | null = null) {
    super();
  }

  #did(what: string): Promise<void> {
    this.log.push(what);
    return what === this.failsAt ? Promise.reject(new AncError('ANC_TEST', what)) : Promise.resolve();
  }

  async upload(
    state: Record<string, { shape: readonly number[]; data: ArrayLike<number> }>,
  ): Promise<DeviceState> {
    await this.#did(
      `upload ${JSON.stringify(mapTree(state, ({ shape, data }) => [shape, [...Array.from(data)]]))}`,
    );
    return {
      read: () => Promise.resolve({}),
      write: () => Promise.resolve(),
      dispose: () => this.#did('dispose of the state'),
    };
  }

  async compile(): Promise<CompiledStep> {
    await this.#did('compile');
    return {
      run: (_state, inputs) => {
        this.inputs = inputs;
        return this.#did('run');
      },
      metrics: async () => {
        await this.#did('metrics');
        return {};
      },
      dispose: () => this.#did('dispose of the step'),
    };
  }

  compileFunction(): Promise<CompiledFunction> {
    return Promise.reject(new Error('not used'));
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

describe('Backend.rehearse', () => {
  it('runs the step twice on the same values of the shapes and types of its spec, and releases everything', async () => {
    const backend = new RecordingBackend();
    await backend.rehearse(step, spec);
    const [upload] = backend.log.filter((line) => line.startsWith('upload'));
    const once = [upload, 'run', 'metrics', 'dispose of the state'];
    expect(backend.log).toEqual(['compile', ...once, ...once, 'dispose of the step']);
    const { w, n } = JSON.parse(upload!.slice('upload '.length)) as Record<string, [number[], number[]]>;
    expect([w![0], n]).toEqual([[2], [[], [0]]]);
    expect(w![1].every((value) => value > 0) && w![1][0] !== w![1][1]).toBe(true);
    expect(backend.inputs).toMatchObject({
      hyper: { rate: 0.5, lambda: 0.5 },
      noise: { seed: 0, step: 0 },
    });
    expect(backend.inputs!.batch['images']!.data).toHaveLength(3);
  });

  it.each(['run', 'metrics'])('throws an error of %s, and releases everything', async (call) => {
    const backend = new RecordingBackend(call);
    await expect(backend.rehearse(step, spec)).rejects.toMatchObject({ code: 'ANC_TEST', message: call });
    expect(backend.log.slice(-2)).toEqual(['dispose of the state', 'dispose of the step']);
  });

  it('throws an error of compilation', async () => {
    const backend = new RecordingBackend('compile');
    await expect(backend.rehearse(step, spec)).rejects.toMatchObject({ message: 'compile' });
    expect(backend.log).toEqual(['compile']);
  });
});
