const tuned = ['l2', 'kd', 'adversarial', 'adversarial-dead', 'adversarial-frozen', 'dropout-noise'];

/**
 * What is measured for docs/results.md, as `anc-cli compare` and `anc-cli tune` take it. A part with `teacherOf` is
 * handed the teacher that an earlier part trained.
 */
export const experiments = {
  'fashion-mnist': {
    command: 'compare',
    title: 'Fashion-MNIST, NiN to LeNet-4',
    parts: [
      {
        name: 'paper',
        title: "By the paper's recipe",
        options: { dataset: 'fashion-mnist', preset: 'paper', teacher: 'nin', student: 'lenet4' },
        methods: [
          'supervised',
          'l2',
          'kd',
          'feature-mse(adapter=none)',
          'adversarial(regularizer=none)',
          'adversarial(regularizer=l1)',
          'adversarial(regularizer=l2)',
          'adversarial(regularizer=adversarial-samples)',
          'adversarial-dead',
        ],
      },
      {
        name: 'modern',
        title: 'By the recipe `modern`, the same teacher',
        teacherOf: 'paper',
        options: { dataset: 'fashion-mnist', preset: 'modern', student: 'lenet4' },
        methods: ['l2', 'kd', 'adversarial'],
      },
    ],
  },
  'tuning-fashion-mnist': {
    command: 'tune',
    title: 'Tuning the recipe `modern`: Fashion-MNIST',
    parts: [
      {
        name: 'tune',
        options: {
          preset: 'modern',
          dataset: 'fashion-mnist',
          teacher: 'cnn-teacher',
          'limit-train': '2000',
          epochs: '4',
          'teacher-epochs': '8',
          'batch-size': '32',
          'learning-rates': '0.0005,0.001,0.002,0.004',
          temperatures: '4,2,8',
          confirm: '3',
        },
        methods: tuned,
      },
    ],
  },
  'tuning-glyphs': {
    command: 'tune',
    title: 'Tuning the recipe `modern`: glyphs',
    parts: [
      {
        name: 'tune',
        options: {
          preset: 'modern',
          dataset: 'glyphs',
          'limit-train': '4000',
          epochs: '6',
          'teacher-epochs': '8',
          'batch-size': '32',
          'learning-rates': '0.002,0.004,0.008,0.016',
          temperatures: '4,2,8',
          confirm: '3',
        },
        methods: tuned,
      },
    ],
  },
};
