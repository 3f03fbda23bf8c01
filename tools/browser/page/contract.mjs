/** Runs the backend contract on the backend that the address names, and sends what it found to the server. */
import { imagesPerSecond } from '@anc/core';
import { backendContract } from '@anc/testing';
import { runSuite } from '../../contract/runner.mjs';

const seconds = Number(new URLSearchParams(globalThis.location.search).get('seconds') ?? 0);
const name = new URLSearchParams(globalThis.location.search).get('backend');
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
  const speed = seconds > 0 ? await imagesPerSecond(backend, seconds) : null;
  let worst = { what: 'nothing', error: 0 };
  const observe = (what, error) => {
    if (error > worst.error) worst = { what, error };
  };
  const options = { capabilities, observe };
  const { passed, failures } = await runSuite(
    (runner) => backendContract(runner, () => backend, options),
    (test) => void fetch('/progress', { method: 'POST', body: test }),
  );
  await send({ name: backend.name, environment, capabilities, speed, passed, failures, worst });
} catch (error) {
  await send({ name, error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
}
