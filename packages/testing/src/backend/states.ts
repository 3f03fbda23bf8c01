import { filled, mapTree, namesOf, sizeOf } from '@anc/core';
import { differing } from '../harness/compare.js';
import { codeOf, type Subject } from './subject.js';
import { convStep } from './toy-steps.js';

/** Scalars, vectors, matrices, filters of few and of many outputs, depthwise ones, tables of images. */
const SHAPES = [
  [],
  [5],
  [100, 3],
  [3, 3, 2, 5],
  [5, 5, 1, 192],
  [3, 3, 96, 70],
  [1, 1, 128, 1],
  [200, 4, 4, 3],
  [2, 3, 4, 5, 6],
];

/** Training state: upload, read, write. */
export function describeStates({ describe, expect, test }: Subject): void {
  describe('state', () => {
    test('keeps entries of every shape', async (backend) => {
      const entries = Object.fromEntries(
        SHAPES.map((shape) => [
          `[${shape.join(', ')}]`,
          { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => i) },
        ]),
      );
      const state = await backend.upload(entries);
      expect(differing(entries, await state.read())).toEqual([]);
      const others = mapTree(entries, ({ shape, data }) => ({ shape, data: data.map((x) => x / 2 + 1) }));
      await state.write(others);
      expect(differing(others, await state.read())).toEqual([]);
      await state.dispose();
    });

    test('is read as it was uploaded, and can be overwritten', async (backend) => {
      const initial = convStep.initial();
      const [one, other] = [await backend.upload(initial), await backend.upload(initial)];
      expect(differing(initial, await one.read())).toEqual([]);
      const [name] = namesOf(initial) as [string];
      const changed = filled(initial[name]!.shape, 0.25);
      await one.write({ [name]: changed });
      expect(differing({ ...initial, [name]: changed }, await one.read())).toEqual([]);
      expect(namesOf(await one.read([name]))).toEqual([name]);
      expect(differing(initial, await other.read())).toEqual([]);
      expect(await codeOf(() => one.write({ [name]: filled([1, 2, 3, 4, 5]) }))).toBe('ANC_SHAPE');
      expect(await codeOf(() => one.write({ nowhere: filled([1]) }))).toBe('ANC_TREE');
      expect(await codeOf(() => one.read(['nowhere']))).toBe('ANC_TREE');
      await one.dispose();
      await other.dispose();
    });
  });
}
