import { checkOptimizer, optimizerRules } from './optimizer-rules.js';
import { OP_LIMIT, type Subject } from './subject.js';

/** Optimizer updates, against their rules in float64. */
export function describeOptimizers({ describe, expect, test, observe }: Subject): void {
  describe('optimizers', () => {
    for (const [name, optimizer, rule] of optimizerRules) {
      test(name, async (backend) => {
        const error = await checkOptimizer(backend, optimizer, rule);
        observe(`optimizer: ${name}`, error);
        expect(error).toBeLessThan(OP_LIMIT);
      });
    }
  });
}
