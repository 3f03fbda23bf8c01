/** Runs the backend contract on one backend, prints what failed and a summary, and sets the exit code. */
import { backendContract } from '@anc/testing';
import { runSuite } from './runner.mjs';

export async function reportContract(name, create, options = {}) {
  let worst = { what: 'nothing', error: 0 };
  const observe = (what, error) => {
    if (error > worst.error) worst = { what, error };
  };
  const { passed, failures } = await runSuite((runner) =>
    backendContract(runner, create, { ...options, observe }),
  );
  for (const failure of failures) console.log(`FAILED ${failure.name}: ${failure.why}`);
  console.log(`${name}: ${passed} passed, ${failures.length} failed; worst relative error`);
  console.log(`${worst.error.toExponential(1)} (${worst.what})`);
  if (failures.length > 0) process.exitCode = 1;
}
