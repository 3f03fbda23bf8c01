import { filled, mapTree, type HostTensor, type TensorFunction, type Tree } from '@anc/core';
import * as tf from '@tensorflow/tfjs-core';
import { codeOf, type Subject } from './subject.js';

/** Compiled functions: inputs, outputs, errors. */
export function describeFunctions({ describe, expect, test }: Subject): void {
  describe('functions', () => {
    const inputs = { x: { shape: [2, 2], dtype: 'float32' } } as const;
    const x: HostTensor = { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };

    test('compiles constants in, and returns inputs and constants unchanged', async (backend) => {
      const constants = { c: { shape: [2], data: Float32Array.of(10, 20) } };
      const compiled = await backend.compileFunction(
        ({ x, c }) => ({ sum: tf.add(x!, c!), again: tf.add(x!, c!), x: x!, c: c! }),
        { id: 'contract: constants', inputs },
        constants,
      );
      for (let run = 0; run < 2; run++) {
        const found = await compiled.run({ x });
        expect([...found.sum!.data]).toEqual([11, 22, 13, 24]);
        expect([...found.again!.data]).toEqual([11, 22, 13, 24]);
        expect([...found.x!.data]).toEqual([1, 2, 3, 4]);
        expect([...found.c!.data]).toEqual([10, 20]);
      }
      await compiled.dispose();
    });

    test('converts bytes to float32 and keeps int32', async (backend) => {
      const compiled = await backend.compileFunction(
        ({ bytes, labels }) => ({
          halved: tf.div(bytes!, 2),
          next: tf.add(labels!, tf.scalar(1, 'int32')),
        }),
        {
          id: 'contract: types',
          inputs: { bytes: { shape: [3], dtype: 'uint8' }, labels: { shape: [2], dtype: 'int32' } },
        },
      );
      const found = await compiled.run({
        bytes: { shape: [3], data: Uint8Array.of(0, 1, 255) },
        labels: { shape: [2], data: Int32Array.of(7, -3) },
      });
      expect([...found.halved!.data]).toEqual([0, 0.5, 127.5]);
      expect([...found.next!.data]).toEqual([8, -2]);
      expect(found.next!.data instanceof Int32Array).toBe(true);
      await compiled.dispose();
    });

    test('knows the shapes of outputs, where it does without running the function', async (backend) => {
      const f: TensorFunction = ({ x, c }) => {
        const sum = tf.add(x!, c!); // [2, 2]
        return {
          sum,
          mean: tf.mean(sum),
          row: tf.slice(sum, [1, 0], [1, 2]),
          constant: c!,
          filled: tf.fill([3, 1], 2),
          transposed: tf.transpose(tf.reshape(sum, [1, 4])),
        };
      };
      const constants = { c: { shape: [2], data: Float32Array.of(10, 20) } };
      const spec = { id: 'contract: shapes', inputs };
      const compiled = await backend.compileFunction(f, spec, constants);
      const ran = mapTree(await compiled.run({ x }), ({ shape }) => shape);
      const texts = (shapes: Tree<readonly number[]>): string[] =>
        Object.entries(shapes)
          .map(([name, shape]) => `${name} [${shape.join()}]`)
          .sort();
      const expected = [
        'constant [2]',
        'filled [3,1]',
        'mean []',
        'row [1,2]',
        'sum [2,2]',
        'transposed [4,1]',
      ];
      expect(texts(ran)).toEqual(expected);
      expect(texts(backend.outputShapes?.(f, spec, constants, {}) ?? ran)).toEqual(expected);
      await compiled.dispose();
    });

    test('rejects inputs that it was not compiled for', async (backend) => {
      const compiled = await backend.compileFunction(({ x }) => ({ x: tf.neg(x!) }), {
        id: 'contract: feed',
        inputs,
      });
      expect(await codeOf(() => compiled.run({}))).toBe('ANC_FEED');
      expect(await codeOf(() => compiled.run({ x: filled([2, 3]) }))).toBe('ANC_FEED');
      await compiled.dispose();
    });

    test('does not start if the signal is aborted', async (backend) => {
      const aborted = backend.compileFunction(
        ({ x }) => ({ x: x! }),
        { id: 'contract: signal', inputs },
        {},
        {
          signal: AbortSignal.abort(),
        },
      );
      expect(
        await aborted.then(
          () => 'compiled',
          () => 'aborted',
        ),
      ).toBe('aborted');
    });
  });
}
