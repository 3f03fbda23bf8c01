import { generatedOnOnednn as images } from './generated.mjs';

const methods = ['kd', 'adversarial'];

/** A student with batch norm: what is rounded before it is divided by the standard deviation of what was not. */
const residual = { ...images, student: 'resnet(depth=8)' };

/** What reduced precision costs. */
export const precision = {
  precision: {
    command: 'compare',
    title: 'Fashion-MNIST: teachers in 8 bits, steps in bfloat16',
    notes: [
      'The published classifier is distilled to LeNet-5 on all images on oneDNN, in float32, with the teacher in 8-bit integers (`--teacher-precision int8`), and with steps in bfloat16 (`--precision bfloat16`); a student with batch norm, ResNet-8, in float32 and with steps in bfloat16. Seeds, images and updates are the same, so differences are taken seed by seed. Every interval of a difference to float32 covers zero.',
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
      {
        name: 'residual-float32',
        title: 'A student with batch norm, in float32',
        options: residual,
        methods: ['kd'],
      },
      {
        name: 'residual-bfloat16',
        title: 'A student with batch norm, steps in bfloat16',
        minus: 'residual-float32',
        options: { ...residual, precision: 'bfloat16' },
        methods: ['kd'],
      },
    ],
  },
};
