/** One backend in a process of its own: contract and speeds, printed as one line of JSON. */
import { isAncError } from '@anc/core';
import { backendContract } from '@anc/testing';
import { runSuite } from '../contract/runner.mjs';
import { NETWORKS, trainingSpeed } from './speed.mjs';

const [name, seconds, batch, again] = process.argv.slice(2);
const room = name.startsWith('onnx') ? 'onnx' : name.startsWith('tfjs') ? 'tfjs' : 'webgpu';

async function open() {
  const { default: plugin } = await import(`@anc/backend-${room}`);
  const { options, create } = plugin().backends[name];
  return create(options.parse({}));
}

async function measure() {
  const backend = await open();
  const { environment, capabilities } = backend;
  const speeds = {};
  for (const network of Number(seconds) > 0 ? Object.keys(NETWORKS) : []) {
    speeds[network] = await trainingSpeed(backend, network, Number(batch), Number(seconds));
  }
  await backend.dispose();
  if (again !== undefined) return { speeds };
  let worst = { what: 'nothing', error: 0 };
  const observe = (what, error) => {
    if (error > worst.error) worst = { what, error };
  };
  const { passed, failures } = await runSuite((runner) =>
    backendContract(runner, open, { capabilities, observe }),
  );
  return { name, environment, capabilities, batch: Number(batch), speeds, passed, failures, worst };
}

const result = await measure().catch((error) => ({
  name,
  unusable: isAncError(error) ? error.describe() : String(error),
}));
console.log(JSON.stringify(result));
process.exit(0);
