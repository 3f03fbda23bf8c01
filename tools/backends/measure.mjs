/** Measures one backend, in Node and in a browser. */
import { backendContract } from '@anc/testing';
import { runSuite } from '../contract/runner.mjs';
import { hostCosts } from './host-cost.mjs';
import { NETWORKS, trainingSpeed } from './speed.mjs';

/** Everything that can be measured: the contract, images per second, the host's cost of a step. */
export const PARTS = ['contract', 'speeds', 'host'];

/**
 * Measures `parts` of an open backend, and disposes it.
 * @param {{ parts: string[], without?: string[], seconds: number, batch: number }} how
 * @param {(test: string) => void} began called with every test that starts
 */
export async function measure(backend, { parts, without = [], seconds, batch }, began) {
  const { name, environment, capabilities } = backend;
  const report = { name, environment, capabilities };
  if (parts.includes('speeds')) {
    const speeds = {};
    for (const network of Object.keys(NETWORKS)) {
      speeds[network] = await trainingSpeed(backend, network, batch, seconds);
    }
    Object.assign(report, { batch, speeds });
  }
  if (parts.includes('host')) report.host = await hostCosts(backend);
  if (!parts.includes('contract')) {
    await backend.dispose();
    return report;
  }
  let worst = { what: 'nothing', error: 0 };
  const observe = (what, error) => {
    if (error > worst.error) worst = { what, error };
  };
  const suite = (runner) => backendContract(runner, () => backend, { capabilities, observe });
  return { ...report, ...(await runSuite(suite, began, without)), worst };
}
