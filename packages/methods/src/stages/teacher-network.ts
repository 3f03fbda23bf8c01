import { AncError, type ClassifierOutputs, type MethodEnvironment, type Network } from '@anc/core';

/**
 * The teacher as a network, for methods that take gradients through it.
 *
 * @throws `ANC_TEACHER_NETWORK` where it is a function whose inside is not known.
 */
export function requireNetwork(method: string, { teacher }: MethodEnvironment): Network<ClassifierOutputs> {
  if (teacher?.network !== undefined) return teacher.network;
  throw new AncError(
    'ANC_TEACHER_NETWORK',
    `method "${method}" takes gradients through the teacher, and this teacher is a closed function.`,
    {
      expected:
        'a teacher that is a network with weights: one that the run trains, a run folder, a file of weights (.safetensors), or an ONNX classifier of common operators',
      received: 'a function of the caller, or an ONNX model with operators that have no gradient here',
      hint: 'turn PyTorch or Keras weights into such a file, e.g. npx anc-cli import model.pth --out teacher.safetensors, and pass it as --teacher; methods that only ask the teacher, such as l2 and kd, take any.',
    },
  );
}
