/**
 * The backend contract on the backend that is named: `webgpu`, in float16 with `--float16`, or `onnx:webgpu`, of which
 * `--whole` runs all tests.
 */
import { OnnxBackend } from '@anc/backend-onnx';
import { openWebgpu } from '@anc/backend-webgpu';
import { reportContract } from '../contract/report.mjs';
import { reportFloat16 } from './float16.mjs';
import { lostDeviceFault } from './lost-device.mjs';

/**
 * Tests that take minutes on a processor that imitates a GPU, of how batches are divided and memory is freed: the
 * same code as on the processor.
 */
const SAME_ON_CPU = process.argv.includes('--whole') ? [] : ['divided batches', '200 steps'];

if (process.argv[2] === 'onnx:webgpu') {
  const create = () => OnnxBackend.create({ runtime: 'node', executionProviders: ['webgpu', 'cpu'] });
  await reportContract('onnx:webgpu', create, { capabilities: { deterministic: false } }, SAME_ON_CPU);
} else if (process.argv.includes('--float16')) {
  await reportFloat16(SAME_ON_CPU);
} else {
  await reportContract('webgpu', () => openWebgpu());
  const fault = await lostDeviceFault();
  console.log(fault ?? 'a device that is lost: one error, and the next one works');
  if (fault !== null) process.exitCode = 1;
}
