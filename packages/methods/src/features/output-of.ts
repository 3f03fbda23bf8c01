import { AncError, type Tree } from '@anc/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * A named output of a network.
 *
 * @param who for errors: the student or the teacher.
 * @throws `ANC_METHOD_TAP` where it has no such output.
 */
export function outputOf(outputs: Tree, name: string, who: string): Tensor {
  const output = outputs[name];
  if (output !== undefined) return output;
  throw new AncError('ANC_METHOD_TAP', `the ${who} has no output "${name}".`, {
    expected: `one of ${Object.keys(outputs).join(', ')}`,
    received: name,
  });
}
