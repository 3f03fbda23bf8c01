/** Measures the backend that the address names, its contract first of all, and sends what was found to the server. */
import { measure } from '../../backends/measure.mjs';

const asked = new URLSearchParams(globalThis.location.search);
const name = asked.get('backend');
const how = {
  parts: asked.get('parts').split(','),
  without: asked.getAll('without'),
  seconds: Number(asked.get('seconds')),
  batch: Number(asked.get('batch')),
};
const open = {
  onnx: async () => (await import('@anc/backend-onnx')).OnnxBackend.create(),
  'onnx:webgpu': async () =>
    (await import('@anc/backend-onnx')).OnnxBackend.create({ executionProviders: ['webgpu', 'cpu'] }),
  'tfjs:wasm': async () => (await import('@anc/backend-tfjs')).openWasm({ path: '/wasm/' }),
  webgpu: async () => (await import('@anc/backend-webgpu')).openWebgpu(),
}[name];

const post = (path, body) => fetch(path, { method: 'POST', body });
const send = (report) => post('/report', JSON.stringify(report));

try {
  await send(await measure(await open(), how, (test) => void post('/progress', test)));
} catch (error) {
  await send({ name, error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
}
