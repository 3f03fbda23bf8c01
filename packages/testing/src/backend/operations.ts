import { opCases } from '../operations/op-cases.js';
import { checkOperation } from './check-operation.js';
import type { Subject } from './subject.js';

/** Every operation and gradient, against plain float64 loops and their finite differences. */
export function describeOperations(subject: Subject): void {
  const { describe, expect, test, capabilities, observe, operationLimit } = subject;
  describe('operations', () => {
    for (const op of opCases) {
      test(op.name, async (backend) => {
        const errors = await checkOperation(backend, op, capabilities.training);
        observe(op.name, errors.value);
        expect(errors.value).toBeLessThan(operationLimit);
        for (const [input, error] of Object.entries(errors.gradients)) {
          observe(`${op.name}: gradient of ${input}`, error);
          expect([input, error < operationLimit ? 'right' : error]).toEqual([input, 'right']);
        }
      });
    }
  });
}
