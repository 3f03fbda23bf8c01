/** What a training step costs the thread that asks for it: commands to the GPU, and milliseconds. Node and pages. */
import { prepareTraining } from './speed.mjs';

/** Of which networks: enough to see what depth costs. Neither figure depends much on the batch, so it is small. */
export const HOST_NETWORKS = ['LeNet-4', 'ResNet-20'];
export const HOST_BATCH = 4;
const STEPS = 8;
const ROUNDS = 4;

/** Counts what WebGPU is told, whoever tells it on this thread, and notes when a step has been told whole. */
function watchGpu() {
  const told = { dispatches: 0, submits: 0, at: 0, done: null };
  const watched = [
    [globalThis.GPUComputePassEncoder, 'dispatchWorkgroups', () => told.dispatches++],
    [globalThis.GPUQueue, 'submit', () => told.submits++],
    // The backend asks for this at the end of every step; what follows is waiting for the device.
    [
      globalThis.GPUQueue,
      'onSubmittedWorkDone',
      (done) => Object.assign(told, { at: performance.now(), done }),
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
  return { told, stop: () => undo.forEach((put) => put()) };
}

/** One step on WebGPU, from the call until everything has been told to the device. */
async function toldToGpu(told, run) {
  const before = { ...told };
  const began = performance.now();
  await run();
  const cost = {
    milliseconds: told.at - began,
    dispatches: told.dispatches - before.dispatches,
    submits: told.submits - before.submits,
  };
  await told.done; // the device's work would slow the next step's telling, where both share processors
  return cost;
}

/** Steps that another thread computes, several to a call or not: how long this one was busy with each. */
async function busyWith(training) {
  const before = performance.eventLoopUtilization();
  for (let i = 0; i < STEPS; i++) await training.run();
  await training.settle();
  return { milliseconds: performance.eventLoopUtilization(before).active / STEPS };
}

/**
 * What a step costs the calling thread, by network: dispatches and submissions where that thread speaks to WebGPU,
 * and milliseconds, the fewest of several rounds. Null where it says nothing: `tfjs:*` compute on this thread,
 * and a page does not tell when it is idle.
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
  for (let i = 0; i < 2; i++) await training.run(); // pays for compiling kernels; sums of metrics begin
  const { told, stop } = gpu ? watchGpu() : { told: null, stop: () => {} };
  const costs = [];
  for (let i = 0; i < ROUNDS; i++) {
    costs.push(gpu ? await toldToGpu(told, training.run) : await busyWith(training));
  }
  stop();
  await training.dispose();
  return costs.reduce((best, cost) => (cost.milliseconds < best.milliseconds ? cost : best));
}
