/** What a training step costs the calling thread: commands to the GPU, and milliseconds. In Node and in a browser. */
import { prepareTraining } from './speed.mjs';

/** The networks, of different depth. Neither figure depends much on the batch, so it is small. */
export const HOST_NETWORKS = ['LeNet-4', 'ResNet-20'];
export const HOST_BATCH = 4;
const STEPS = 8;
const ROUNDS = 4;

/** Counts the commands that this thread sends to WebGPU, and records when a step has been sent completely. */
function watchGpu() {
  const sent = { dispatches: 0, submits: 0, at: 0, done: null };
  const watched = [
    [globalThis.GPUComputePassEncoder, 'dispatchWorkgroups', () => sent.dispatches++],
    [globalThis.GPUQueue, 'submit', () => sent.submits++],
    // The backend calls this at the end of every step; afterwards it only waits for the device.
    [
      globalThis.GPUQueue,
      'onSubmittedWorkDone',
      (done) => Object.assign(sent, { at: performance.now(), done }),
    ],
  ];
  const undo = watched.map(([{ prototype }, name, note]) => {
    const real = prototype[name];
    prototype[name] = function (...args) {
      const result = real.apply(this, args);
      note(result);
      return result;
    };
    return () => (prototype[name] = real);
  });
  return { sent, stop: () => undo.forEach((restore) => restore()) };
}

/** One step on WebGPU, from the call until everything has been sent to the device. */
async function sendToGpu(sent, run) {
  const before = { ...sent };
  const began = performance.now();
  await run();
  const cost = {
    milliseconds: sent.at - began,
    dispatches: sent.dispatches - before.dispatches,
    submits: sent.submits - before.submits,
  };
  await sent.done; // a software device would slow the next step, because both share the processor
  return cost;
}

/** Milliseconds per step that this thread is busy while another one computes. */
async function busyWith(training) {
  const before = performance.eventLoopUtilization();
  for (let i = 0; i < STEPS; i++) await training.run();
  await training.settle();
  return { milliseconds: performance.eventLoopUtilization(before).active / STEPS };
}

/**
 * What a step costs the calling thread, by network: dispatches and submissions if that thread sends commands to WebGPU,
 * and milliseconds, the fewest of several rounds. Null if it cannot be measured: `tfjs:*` compute on this thread, and a
 * browser does not report idle time.
 */
export async function hostCosts(backend) {
  const gpu = backend.name === 'webgpu';
  const elsewhere = backend.capabilities.compiled && performance.eventLoopUtilization !== undefined;
  if (!gpu && !elsewhere) return null;
  const costs = {};
  for (const network of HOST_NETWORKS) costs[network] = await hostCost(backend, network, gpu);
  return costs;
}

async function hostCost(backend, network, gpu) {
  const training = await prepareTraining(backend, network, HOST_BATCH);
  for (let i = 0; i < 2; i++) await training.run(); // compiles kernels; metrics start to accumulate
  const { sent, stop } = gpu ? watchGpu() : { sent: null, stop: () => {} };
  const costs = [];
  for (let i = 0; i < ROUNDS; i++) {
    costs.push(gpu ? await sendToGpu(sent, training.run) : await busyWith(training));
  }
  stop();
  await training.dispose();
  return costs.reduce((best, cost) => (cost.milliseconds < best.milliseconds ? cost : best));
}
