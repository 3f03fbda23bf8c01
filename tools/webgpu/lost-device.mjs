/** Takes a real device away in the middle of training, and looks at what is said and whether work can go on. */
import { isAncError } from '@anc/core';
import { openWebgpu } from '@anc/backend-webgpu';
import { prepareTraining } from '../backends/speed.mjs';

/** Opens the backend, and keeps the device that it was given. */
async function openKeepingDevice() {
  const { prototype } = globalThis.GPUAdapter;
  const { requestDevice } = prototype;
  let device;
  prototype.requestDevice = async function (...args) {
    return (device = await requestDevice.apply(this, args));
  };
  try {
    return { backend: await openWebgpu(), device };
  } finally {
    prototype.requestDevice = requestDevice;
  }
}

/** Null where all is as it should be, else what is not. A backend must have been open before. */
export async function lostDeviceFault() {
  const { backend, device } = await openKeepingDevice();
  const training = await prepareTraining(backend, 'LeNet-4', 1);
  await training.run();
  device.destroy();
  const thrown = await (async () => {
    for (let i = 0; i < 2; i++) await training.run(); // an error is at most a step late
  })().catch((error) => error);
  await backend.dispose();
  if (!isAncError(thrown) || thrown.code !== 'ANC_DEVICE_LOST') return `a lost device gave ${thrown}`;
  const next = await openWebgpu(); // a lost device leaves the door open
  const again = await prepareTraining(next, 'LeNet-4', 1);
  await again.run();
  const metrics = await again.settle();
  await again.dispose();
  await next.dispose();
  return Object.values(metrics).every(Number.isFinite) ? null : 'the next device computes nothing';
}
