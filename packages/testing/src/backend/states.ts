import { filled, namesOf } from '@anc/core';
import { differing } from '../harness/compare.js';
import { codeOf, type Subject } from './subject.js';
import { convStep } from './toy-steps.js';

/** Training state: upload, read, write. */
export function describeStates({ describe, expect, test }: Subject): void {
  describe('state', () => {
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
