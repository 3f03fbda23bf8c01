/** Runs the backend contract on one backend, prints what failed and a summary, and sets the exit code. */
import { backendContract } from '@anc/testing';
import { runSuite } from './runner.mjs';

/**
 * @param {string} name of the backend
 * @param {() => Promise<object>} create opens it
 * @param {object} options of the contract
 * @param {string[]} without parts of the names of tests that are left out
 */
export async function reportContract(name, create, options = {}, without = []) {
  let worst = { what: 'nothing', error: 0 };
  const observe = (what, error) => {
    if (error > worst.error) worst = { what, error };
  };
  const suite = (runner) => backendContract(runner, create, { ...options, observe });
  const { passed, failures } = await runSuite(suite, undefined, without);
  for (const failure of failures) console.log(`FAILED ${failure.name}: ${failure.why}`);
  console.log(`${name}: ${passed} passed, ${failures.length} failed; worst relative error`);
  console.log(`${worst.error.toExponential(1)} (${worst.what})`);
  if (failures.length > 0) process.exitCode = 1;
}
