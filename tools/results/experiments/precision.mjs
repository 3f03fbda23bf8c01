import { generatedOnOnednn } from './generated.mjs';

/** What reduced precision costs. */
export const precision = {
  'teacher-precision': {
    command: 'compare',
    title: 'Fashion-MNIST: a teacher in 8 bits',
    notes: [
      'The published classifier of the section before is distilled to LeNet-5 on all images, once computed in float32 and once in 8-bit integers (`--teacher-precision int8`), both on oneDNN. Seeds, images and updates are the same, so differences are taken seed by seed.',
    ],
    parts: [
      {
        name: 'float32',
        title: 'The teacher in float32',
        options: { ...generatedOnOnednn, 'teacher-precision': 'float32' },
        methods: ['kd', 'adversarial'],
      },
      {
        name: 'int8',
        title: 'The teacher in int8',
        minus: 'float32',
        options: { ...generatedOnOnednn, 'teacher-precision': 'int8' },
        methods: ['kd', 'adversarial'],
      },
    ],
  },
  'step-precision': {
    command: 'compare',
    title: 'Fashion-MNIST: steps in bfloat16',
    notes: [
      'The published classifier is distilled to LeNet-5 on all images on oneDNN, once with steps in float32 and once with products in bfloat16 (`--precision bfloat16`). Seeds, images and updates are the same, so differences are taken seed by seed.',
    ],
    parts: [
      {
        name: 'float32',
        title: 'Steps in float32',
        options: { ...generatedOnOnednn, precision: 'float32' },
        methods: ['kd', 'adversarial'],
      },
      {
        name: 'bfloat16',
        title: 'Steps in bfloat16',
        minus: 'float32',
        options: { ...generatedOnOnednn, precision: 'bfloat16' },
        methods: ['kd', 'adversarial'],
      },
    ],
  },
};
