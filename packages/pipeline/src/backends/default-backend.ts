import { hasNativeRuntime, nativeRemedy } from '@anc/backend-onnx/internal';
import type { RunOptionsInput } from '../options/run-options.js';

/** Faster than ONNX Runtime's WebAssembly build, which every backend `onnx` falls back to. */
const WITHOUT_NATIVE = 'tfjs:wasm';

/** Options of a new run, and what was chosen for its caller. */
interface WithBackend {
  readonly input: RunOptionsInput;
  readonly notices: readonly string[];
}

/**
 * The options of a new run with the backend to use where none is chosen and the native build of ONNX Runtime, the default,
 * is not installed. The choice is part of the run's record, so that it resumes on the same backend.
 */
export function withDefaultBackend(
  input: RunOptionsInput,
  isInstalled: () => boolean = hasNativeRuntime,
): WithBackend {
  const isChosen =
    input.compute?.backend !== undefined ||
    (input.teacher?.backend !== undefined && input.student?.backend !== undefined);
  if (isChosen || isInstalled()) return { input, notices: [] };
  return {
    input: { ...input, compute: { ...input.compute, backend: WITHOUT_NATIVE } },
    notices: [
      `onnxruntime-node is not installed, so ${WITHOUT_NATIVE} is the backend: several times slower. ${nativeRemedy()}`,
    ],
  };
}
