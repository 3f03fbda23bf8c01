import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { WebMemory } from '../memory/web-assembly.js';
import { functionsOf } from './assembler.js';
import type { KernelModule, KernelWorkerData } from './kernel-threads.js';
import { SharedTask, type RunPart } from './shared-task.js';

const { task, heap } = workerData as KernelWorkerData;
const modules = new Map<number, (kernel: number) => RunPart>();

/** Takes the modules that came. They are sent before their tasks, and this thread never waits for messages. */
function receive(): void {
  for (
    let next = receiveMessageOnPort(parentPort!);
    next !== undefined;
    next = receiveMessageOnPort(parentPort!)
  ) {
    const { number, module } = next.message as KernelModule;
    if (module === null) modules.delete(number);
    else modules.set(number, functionsOf(module, heap as WebMemory));
  }
}

new SharedTask(task).serve((module, kernel) => {
  if (!modules.has(module)) receive();
  return modules.get(module)!(kernel);
});
