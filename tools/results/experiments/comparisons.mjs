import { join } from 'node:path';

/** The methods of the paper and their controls. */
export const comparisons = {
  'fashion-mnist': {
    command: 'compare',
    title: 'Fashion-MNIST, NiN to LeNet-4',
    parts: [
      {
        name: 'paper',
        title: 'With the preset `paper`',
        options: { dataset: 'fashion-mnist', preset: 'paper', teacher: 'nin', student: 'lenet4' },
        // First the method that needs the teacher's features and logits: the teacher cache then serves all others.
        methods: [
          'feature-mse(adapter=none)',
          'supervised',
          'l2',
          'kd',
          'adversarial(regularizer=none)',
          'adversarial(regularizer=l1)',
          'adversarial(regularizer=l2)',
          'adversarial(regularizer=adversarial-samples)',
          'adversarial-dead',
        ],
      },
      {
        name: 'modern',
        title: 'With the preset `modern`, the same teacher',
        teacherOf: 'paper',
        options: { dataset: 'fashion-mnist', preset: 'modern', student: 'lenet4' },
        methods: ['l2', 'kd', 'adversarial'],
      },
    ],
  },
  'fashion-mnist-whole': {
    command: 'compare',
    title: 'Fashion-MNIST, NiN to LeNet-4: all images, twenty epochs',
    notes: [
      'Of each image, eight crops and flips are shown, so that the teacher, which has eleven times as many operations as the student, computes each of them once (`--views 8 --teacher-cache-dir`). Trained on oneDNN, with the products of its steps in bfloat16.',
      'The adversarial term with its regularizer, Eq. 7, is distinguishable neither from `l2` nor from a discriminator that never learns. Without the regularizer the error is about a point higher in each of three seeds, as in the paper (9.62 against 8.64 %).',
      'One of the three trainings of `dist` never learned: its loss stayed where the correlations with the teacher are zero from the first steps on, and its student is right for one image in ten. The other two ended at 9.5 and 10.3 %.',
      'Times do not compare methods: that of the first student contains the teacher’s outputs and pauses, and most of the others were trained two at once.',
    ],
    parts: [
      {
        name: 'paper',
        options: {
          ...{ dataset: 'fashion-mnist', preset: 'paper', teacher: 'nin', student: 'lenet4' },
          ...{ 'teacher-epochs': '10', epochs: '20', views: '8' },
          ...{
            backend: 'onednn',
            precision: 'bfloat16',
            'teacher-cache-dir': join('runs', 'teacher-outputs'),
          },
        },
        // First the method that needs the teacher's features and logits: what is kept of it then serves all others.
        methods: [
          'adversarial(regularizer=adversarial-samples)',
          'l2',
          'kd',
          'adversarial(regularizer=none)',
          'adversarial-frozen',
          'dist',
        ],
      },
    ],
  },
};
