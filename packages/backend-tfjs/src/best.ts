import { isAncError, type AncError, type EagerBackend, type Tree } from '@anc/core';
import { openCpu } from './cpu.js';
import { openNode } from './node.js';
import { openWasm } from './wasm.js';

type Open = (environment: Tree<string | number>) => Promise<EagerBackend>;

/** Best first: the GPU, TensorFlow's C library, WebAssembly, plain JavaScript. */
const variants: readonly Open[] = [
  (environment) => openNode('node-gpu', environment),
  (environment) => openNode('node', environment),
  (environment) => openWasm({}, environment),
  openCpu,
];

/**
 * The best variant that starts here. A variant that is installed but does not start is skipped with a notice
 * (`environment.notice`); one that is not installed is skipped silently.
 */
export async function openBest(): Promise<EagerBackend> {
  const failures: AncError[] = [];
  for (const open of variants) {
    const skipped = failures.filter(({ code }) => code !== 'ANC_BACKEND_MISSING').map(noticeOf);
    try {
      return await open(skipped.length === 0 ? {} : { notice: skipped.join(' ') });
    } catch (error) {
      if (!isAncError(error)) throw error;
      failures.push(error);
    }
  }
  throw failures.at(-1)!;
}

const noticeOf = ({ message, detail: { received, hint } }: AncError): string =>
  `Passed over: ${message}${received === undefined ? '' : ` ${received}.`}${hint === undefined ? '' : ` To use it: ${hint}`}`;
