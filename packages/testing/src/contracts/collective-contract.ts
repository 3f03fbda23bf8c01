import type { Collective } from '@anc/core';
import type { ContractRunner } from '../harness/contract-runner.js';
import { suiteOf } from '../harness/suite.js';
import { COLLECTIVE_CHECKS } from '../ranks/collective-checks.js';

/**
 * Contract of a `Collective`: sums of any length that are the same bytes on every rank and every time, broadcasts from any rank,
 * a barrier that holds.
 *
 * `open` is called for every test, and gives all ranks, which live in one process here. Where each rank is a process of its own,
 * call `collectiveFaults` in all of them.
 */
export function collectiveContract(runner: ContractRunner, open: () => Promise<readonly Collective[]>): void {
  const { describe, it } = suiteOf(runner, 'the collective');
  describe('collective contract', () => {
    for (const { name, advice, run } of COLLECTIVE_CHECKS) {
      it(name, advice, async (check) => {
        const ranks = await open();
        const found = await Promise.all(ranks.map(run));
        await Promise.all(ranks.map((rank) => rank.close()));
        check.none([...new Set(found.flat())], 'breaks a rule', name);
      });
    }
  });
}
