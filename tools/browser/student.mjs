/** A student as a page is given one: its ONNX file, images, and the logits that Node has for them. */
import { EagerBackend, mergeTrees, prefixTree, Rng, subtree } from '@anc/core';
import { compileClassifier } from '@anc/core/internal';
import { exportOnnx } from '@anc/backend-onnx';
import models from '@anc/models';
import '@tensorflow/tfjs-backend-cpu';

const IMAGE = [28, 28, 1];
const BATCH = 3;

export async function exportedStudent() {
  const rng = Rng.fromSeed(3);
  const { options, create } = models().models.lenet4;
  const student = create(options.parse({}), { input: IMAGE, classes: 10 });
  const variables = student.init(rng, IMAGE);
  const classify = (tensors, context) => {
    const own = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
    return { logits: student.apply(own, tensors.images, context).outputs.logits };
  };
  const constants = mergeTrees(prefixTree('params', variables.params), prefixTree('stats', variables.stats));
  const spec = { id: 'student', inputs: { images: { shape: [1, ...IMAGE], dtype: 'uint8' } } };
  const pixels = Uint8Array.from({ length: BATCH * 28 * 28 }, () => rng.int(256));
  const backend = new EagerBackend('cpu');
  const compiled = await compileClassifier(
    { backend, network: student, variables },
    [BATCH, ...IMAGE],
    ['logits'],
  );
  const { logits } = await compiled.run({ images: { shape: [BATCH, ...IMAGE], data: pixels } });
  return { file: exportOnnx(classify, spec, { constants }), pixels: [...pixels], logits: [...logits.data] };
}
