import { reachable, traceStep } from '@anc/compiler';
import {
  EagerBackend,
  filled,
  mapTree,
  specOf,
  type Backend,
  type HostTensor,
  type Step,
  type Tree,
} from '@anc/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxBackend } from '../src/index.js';
import {
  elementwiseCases,
  indexCases,
  matmulCases,
  reductionCases,
  shapeCases,
  type Case,
} from './kernel-cases.js';
import {
  nchwcCases,
  convolutionCases,
  depthwiseCases,
  filterGradientCases,
  normCases,
  poolCases,
} from './window-cases.js';

let onnx: OnnxBackend;
const cpu = new EagerBackend('cpu');

beforeAll(async () => {
  onnx = await OnnxBackend.create();
});
afterAll(async () => {
  await onnx.dispose();
});

const named = (inputs: readonly HostTensor[]): Tree<HostTensor> =>
  Object.fromEntries(inputs.map((host, i) => [`x${i}`, host]));

async function run(backend: Backend, { name, inputs, f }: Case): Promise<HostTensor> {
  const spec = {
    id: name,
    inputs: Object.fromEntries(Object.entries(named(inputs)).map(([key, host]) => [key, specOf(host)])),
  };
  const compiled = await backend.compileFunction(
    (x) => ({ y: f(...inputs.map((_, i) => x[`x${i}`]!)) }),
    spec,
  );
  const { y } = await compiled.run(named(inputs));
  await compiled.dispose();
  return y!;
}

const known = new Map<Case, Promise<HostTensor>>();

/** The expected result of a case, by plain JavaScript. */
function expectedOf(each: Case): Promise<HostTensor> {
  const key = each.like ?? each;
  const result = known.get(key) ?? run(cpu, key);
  known.set(key, result);
  return result;
}

/** A case as a step that leaves its result in the state: unlike functions, steps are lowered to NCHWc layout. */
const stepOf = ({ name, inputs, f }: Case): Step => ({
  id: name,
  phases: [
    {
      name: 'only',
      gradients: (_state, batch) => ({
        grads: { y: f(...inputs.map((_, i) => batch[`x${i}`]!)) },
        stats: {},
        metrics: {},
      }),
      update: (_state, grads) => grads,
    },
  ],
});

async function runStep(each: Case, shape: readonly number[]): Promise<HostTensor> {
  const [state, batch] = [{ y: filled(shape) }, named(each.inputs)];
  const spec = { state: mapTree(state, specOf), batch: mapTree(batch, specOf), hyper: [] };
  const compiled = await onnx.compile(stepOf(each), spec);
  const device = await onnx.upload(state);
  await compiled.run(device, { batch, hyper: {}, noise: { seed: 1, step: 0 } });
  const { y } = await device.read();
  await compiled.dispose();
  await device.dispose();
  return y!;
}

function expectSame(found: HostTensor, expected: HostTensor): void {
  expect(found.shape).toEqual(expected.shape);
  const scale = Math.max(1, ...Array.from(expected.data, Math.abs).filter(Number.isFinite));
  const isSame = (value: number, i: number): boolean =>
    Number.isNaN(value) ? Number.isNaN(found.data[i]) : Math.abs(found.data[i]! - value) < 2e-5 * scale;
  const other = Array.from(expected.data).findIndex((value, i) => !isSame(value, i)); // one `expect` for each takes longer than the kernel
  expect(other, `element ${other}: ${found.data[other]} for ${expected.data[other]}`).toBe(-1);
}

const families: readonly [string, readonly Case[]][] = [
  ['elementwise', elementwiseCases],
  ['reductions', reductionCases],
  ['shapes', shapeCases],
  ['indices', indexCases],
  ['matrix products', matmulCases],
  ['convolutions', convolutionCases],
  ['forms of the filter gradient', filterGradientCases],
  ['depthwise convolutions', depthwiseCases],
  ['pools', poolCases],
  ['normalization and fusion', normCases],
];

for (const [family, cases] of families) {
  describe(`${family} against tfjs cpu`, () => {
    for (const each of cases) {
      it(each.name, async () => expectSame(await run(onnx, each), await expectedOf(each)));
    }
  });
}

describe('convolutions in NCHWc layout against tfjs cpu', () => {
  for (const each of nchwcCases) {
    it(each.name, async () => {
      const expected = await expectedOf(each);
      expectSame(await runStep(each, expected.shape), expected);
    });
  }

  it('are used for a processor that has the layout', () => {
    const operations = (each: Case, block: number | null): string[] => {
      const spec = {
        state: { y: specOf(filled([1])) },
        batch: mapTree(named(each.inputs), specOf),
        hyper: [],
      };
      const step = stepOf({ ...each, f: (...x) => tf.reshape(tf.sum(each.f(...x)), [1]) });
      const { graph, outputs } = traceStep(step, spec, { channelBlock: block });
      return reachable(
        graph,
        outputs.map(({ value }) => value),
      ).map(({ domain, op }) => `${domain}.${op}`);
    };
    for (const each of nchwcCases.filter(({ name }) => name.startsWith('nchwcConvolution'))) {
      expect(operations(each, 16), each.name).toContain('com.microsoft.nchwc.Conv');
      expect(operations(each, null), each.name).not.toContain('com.microsoft.nchwc.Conv');
    }
  });
});
