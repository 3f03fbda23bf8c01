import { isAncError, type AncError, type EagerBackend, type Tree } from '@anc/core';
import { openCpu } from './cpu.js';
import { openNode } from './node.js';
import { openWasm } from './wasm.js';

type Open = (said: Tree<string | number>) => Promise<EagerBackend>;

/** Best first: the GPU, TensorFlow's C library, WebAssembly, plain JavaScript. */
const variants: readonly Open[] = [
  (said) => openNode('node-gpu', said),
  (said) => openNode('node', said),
  (said) => openWasm({}, said),
  openCpu,
];

/**
 * The best variant that starts here. One that is installed and does not start is passed over, and the record and its
 * reader are told (`environment.notice`); one that is not installed was not asked for.
 */
export async function openBest(): Promise<EagerBackend> {
  const failures: AncError[] = [];
  for (const open of variants) {
    const passedOver = failures.filter(({ code }) => code !== 'ANC_BACKEND_MISSING').map(sentence);
    try {
      return await open(passedOver.length === 0 ? {} : { notice: passedOver.join(' ') });
    } catch (error) {
      if (!isAncError(error)) throw error;
      failures.push(error);
    }
  }
  throw failures.at(-1)!;
}

const sentence = ({ message, detail: { received, hint } }: AncError): string =>
  `Passed over: ${message}${received === undefined ? '' : ` ${received}.`}${hint === undefined ? '' : ` To use it: ${hint}`}`;
