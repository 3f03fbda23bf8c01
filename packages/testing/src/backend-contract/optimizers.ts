import { checkOptimizer, optimizerLaws } from './optimizer-law.js';
import { OP_LIMIT, type Subject } from './subject.js';

/** Optimisers' updates, against their rules in float64. */
export function describeOptimizers({ describe, expect, test, observe }: Subject): void {
  describe('optimisers', () => {
    for (const [name, optimizer, law] of optimizerLaws) {
      test(name, async (backend) => {
        const error = await checkOptimizer(backend, optimizer, law);
        observe(`optimiser: ${name}`, error);
        expect(error).toBeLessThan(OP_LIMIT);
      });
    }
  });
}
