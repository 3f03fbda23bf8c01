/** The data term of `modern` alone, its game, and the controls; `adversarial-dead` would be `kd` to the bit. */
const tuned = ['kd', 'adversarial', 'adversarial-frozen', 'dropout-noise'];

const MEANING =
  'The recipe itself trains longer, in batches four times as large: its rate is a lead from here, not a result.';

/** How `modern` is tuned: half of the images are held out, so that a share of them means something. */
const tuning = {
  preset: 'modern',
  'limit-train': '4000',
  validation: '0.5',
  'batch-size': '32',
  'teacher-epochs': '8',
  temperatures: '4,2',
  confirm: '3',
};

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
        // First who asks the teacher for features and logits: what is remembered then serves all.
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
    notes: [
      'Short trainings of LeNet-4 with a small teacher, to choose the learning rate and the temperature of `modern` for this data set, and whether its adversarial term is on. The best rate of `kd` is the end of its list and hardly better than the one before, which is what the recipe takes.',
      MEANING,
    ],
    parts: [
      {
        name: 'tune',
        options: {
          ...tuning,
          dataset: 'fashion-mnist',
          teacher: 'cnn-teacher',
          epochs: '3',
          'learning-rates': '0.0005,0.001,0.002,0.004',
        },
        methods: tuned,
      },
    ],
  },
  'tuning-glyphs': {
    command: 'tune',
    title: 'Tuning the recipe `modern`: glyphs',
    notes: [
      'Short trainings of the small pair, for the same choices. The best rate of `kd` is the end of its list and hardly better than the one before, which is what the recipe takes.',
      MEANING,
    ],
    parts: [
      {
        name: 'tune',
        options: {
          ...tuning,
          dataset: 'glyphs',
          epochs: '8',
          'learning-rates': '0.002,0.004,0.008,0.016',
        },
        methods: ['l2', ...tuned],
      },
    ],
  },
};
