// Distills a teacher that is a plain function, and writes the student as ONNX. Run it: node examples/library/distill.mjs
import { distill, exportModel } from '@anc/pipeline';

/** Any classifier: bytes [batch, height, width, channels] in, ten logits per image out. */
async function teacher({ shape: [count], data }) {
  const size = data.length / count;
  const mean = (i, part) => data.subarray(i * size + part * (size / 10), i * size + (part + 1) * (size / 10));
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 10 }, (__, c) => mean(i, c).reduce((sum, byte) => sum + byte, 0) / 2000),
  );
}

const run = distill({
  teacher,
  images: 'glyphs',
  student: 'lenet5',
  method: 'kd',
  training: { epochs: 2 },
  data: { limitTrain: 512, limitTest: 128 },
  folder: null,
});
for await (const event of run) {
  if (event.type === 'epoch') console.log(`epoch ${event.progress.epoch + 1} of ${event.progress.epochs}`);
}
const { student, agreement, dispose } = await run;
console.log(`agreement with the teacher: ${(100 * agreement).toFixed(1)} %`);
const { file, verified } = await exportModel(student, { format: 'onnx', to: process.argv[2] ?? 'student.onnx' });
console.log(`${file}: logits differ by at most ${verified.maxDifference}`);
await dispose();
