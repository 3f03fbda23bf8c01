import '@tensorflow/tfjs-backend-cpu';
import { EagerBackend, specOf, type Backend, type Host, type Tree } from '@anc/core';
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

async function run(backend: Backend, { name, inputs, f }: Case): Promise<Host> {
  const named: Tree<Host> = Object.fromEntries(inputs.map((host, i) => [`x${i}`, host]));
  const spec = {
    id: name,
    inputs: Object.fromEntries(Object.entries(named).map(([key, host]) => [key, specOf(host)])),
  };
  const compiled = await backend.compileFunction(
    (x) => ({ y: f(...inputs.map((_, i) => x[`x${i}`]!)) }),
    spec,
  );
  const { y } = await compiled.run(named);
  await compiled.dispose();
  return y!;
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
  ['normalisation and fusion', normCases],
];

for (const [family, cases] of families) {
  describe(`${family} against tfjs cpu`, () => {
    for (const each of cases) {
      it(each.name, async () => {
        const [found, wanted] = [await run(onnx, each), await run(cpu, each)];
        expect(found.shape).toEqual(wanted.shape);
        const scale = Math.max(1, ...Array.from(wanted.data, Math.abs).filter(Number.isFinite));
        wanted.data.forEach((value, i) => {
          if (Number.isNaN(value)) expect(found.data[i]).toBeNaN();
          else
            expect(
              Math.abs(found.data[i]! - value),
              `element ${i}: ${found.data[i]} for ${value}`,
            ).toBeLessThan(2e-5 * scale);
        });
      });
    }
  });
}
