// Writes a trained classifier as ONNX and a folder of images, in place of yours. Run it: node make.mjs <folder>
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Glyphs } from '@anc/datasets';
import { distill, exportModel } from '@anc/pipeline';
import sharp from 'sharp';

const folder = process.argv[2] ?? 'work';
await mkdir(join(folder, 'images'), { recursive: true });

const { student, dispose } = await distill({
  images: 'glyphs',
  teacher: 'cnn(widths=[8,8],features=16)',
  student: 'cnn(widths=[8,8],features=16)',
  method: 'kd',
  training: { epochs: 2 },
  data: { limitTrain: 256, limitTest: 64 },
  folder: null,
});
await exportModel(student, { format: 'onnx', to: join(folder, 'model.onnx') });
await dispose();

const { images } = await new Glyphs({ train: 80, test: 1 }).split('train');
const [height, width, channels] = images.shape;
for (let i = 0; i < images.count; i++) {
  const bytes = new Uint8Array(height * width * channels);
  await images.read(Int32Array.of(i), bytes);
  await sharp(bytes, { raw: { width, height, channels } })
    .png()
    .toFile(join(folder, 'images', `${i}.png`));
}
console.log(`${folder}/model.onnx and ${images.count} images`);
