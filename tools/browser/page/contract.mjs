/** Runs the backend contract on the backend that the address names, and sends what it found to the server. */
import { backendContract } from '@anc/testing';
import { NETWORKS, trainingSpeed } from '../../backends/speed.mjs';
import { runSuite } from '../../contract/runner.mjs';

const asked = new URLSearchParams(globalThis.location.search);
const [name, seconds, batch] = [
  asked.get('backend'),
  Number(asked.get('seconds')),
  Number(asked.get('batch')),
];
const open = {
  onnx: async () => (await import('@anc/backend-onnx')).OnnxBackend.create(),
  'onnx:webgpu': async () =>
    (await import('@anc/backend-onnx')).OnnxBackend.create({ executionProviders: ['webgpu', 'cpu'] }),
  'tfjs:wasm': async () => (await import('@anc/backend-tfjs')).openWasm({ path: '/wasm/' }),
  webgpu: async () => (await import('@anc/backend-webgpu')).openWebgpu(),
}[name];

const send = (report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) });

try {
  const backend = await open();
  const { environment, capabilities } = backend;
  const speeds = {};
  for (const network of seconds > 0 ? Object.keys(NETWORKS) : []) {
    speeds[network] = await trainingSpeed(backend, network, batch, seconds);
  }
  let worst = { what: 'nothing', error: 0 };
  const observe = (what, error) => {
    if (error > worst.error) worst = { what, error };
  };
  const options = { capabilities, observe };
  const { passed, failures } = await runSuite(
    (runner) => backendContract(runner, () => backend, options),
    (test) => void fetch('/progress', { method: 'POST', body: test }),
  );
  await send({ name: backend.name, environment, capabilities, batch, speeds, passed, failures, worst });
} catch (error) {
  await send({ name, error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
}
