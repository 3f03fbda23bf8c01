import { generatedOnOnednn as images } from './generated.mjs';

const methods = ['kd', 'adversarial'];

/** What reduced precision costs. */
export const precision = {
  precision: {
    command: 'compare',
    title: 'Fashion-MNIST: teachers in 8 bits, steps in bfloat16',
    notes: [
      'The published classifier is distilled to LeNet-5 on all images on oneDNN, in float32, with the teacher in 8-bit integers (`--teacher-precision int8`), and with products of the steps in bfloat16 (`--precision bfloat16`). Seeds, images and updates are the same, so differences are taken seed by seed. Every interval of a difference to float32 covers zero.',
    ],
    parts: [
      { name: 'float32', title: 'In float32', options: images, methods },
      {
        name: 'int8',
        title: 'The teacher in int8',
        minus: 'float32',
        options: { ...images, 'teacher-precision': 'int8' },
        methods,
      },
      {
        name: 'bfloat16',
        title: 'Steps in bfloat16',
        minus: 'float32',
        options: { ...images, precision: 'bfloat16' },
        methods,
      },
    ],
  },
};
