// Distills an ONNX classifier with a folder of images without labels. Run it: node distill.mjs <folder>
import { join } from 'node:path';
import { distill } from '@anc/pipeline';

const folder = process.argv[2] ?? 'work';
const { agreement, dispose } = await distill({
  teacher: join(folder, 'model.onnx'),
  images: join(folder, 'images'),
  student: 'cnn(widths=[4,4],features=8)',
  method: 'kd',
  training: { epochs: 2, batchSize: 16 },
  folder: null,
});
console.log(`agreement with the teacher: ${(100 * agreement).toFixed(1)} %`);
await dispose();
