/** The backend contract on the backend that is named: `webgpu`, or `onnx:webgpu`. */
import { OnnxBackend } from '@anc/backend-onnx';
import { openWebgpu } from '@anc/backend-webgpu';
import { reportContract } from '../contract/report.mjs';
import { lostDeviceFault } from './lost-device.mjs';

if (process.argv[2] === 'onnx:webgpu') {
  const create = () => OnnxBackend.create({ runtime: 'node', executionProviders: ['webgpu', 'cpu'] });
  await reportContract('onnx:webgpu', create, { capabilities: { deterministic: false } });
} else {
  await reportContract('webgpu', () => openWebgpu());
  const fault = await lostDeviceFault();
  console.log(fault ?? 'a device that is lost: one error, and the next one works');
  if (fault !== null) process.exitCode = 1;
}
