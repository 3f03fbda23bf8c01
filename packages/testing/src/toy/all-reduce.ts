import type { AllReduce } from '@anc/core';

/** An all-reduce among ranks of one process: each of `ranks` concurrent callers gets the sum of all buffers. */
export function localAllReduce(ranks: number): AllReduce {
  let waiting: { readonly buffer: Float32Array; readonly resolve: (sum: Float32Array) => void }[] = [];
  return (buffer) =>
    new Promise((resolve) => {
      waiting.push({ buffer, resolve });
      if (waiting.length < ranks) return;
      const all = waiting;
      waiting = [];
      const sum = buffer.map((_, i) => all.reduce((total, each) => total + each.buffer[i]!, 0));
      for (const each of all) each.resolve(sum.slice());
    });
}
