import { isAncError, type AncError } from '@anc/core';

/** The AncError of this code that a promise is rejected with; anything else fails. */
export async function refusal(work: Promise<unknown>, code = 'ANC_ONNX'): Promise<AncError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (isAncError(error) && error.code === code) return error;
  throw new Error(`not an ${code} error: ${String(error)}`);
}
