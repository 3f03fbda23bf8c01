import { AncError } from '@anc/core/worker';

/** The error of an operation that this backend does not compute. */
export const unsupported = (op: string, why: string): AncError =>
  new AncError('ANC_COMPILE_UNSUPPORTED', `backend "onednn" cannot compute ${op}: ${why}.`, {
    received: op,
    hint: 'use the backend onnx, which computes every operation.',
  });
