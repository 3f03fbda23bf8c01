/** The data term of `modern` alone, adversarial training, and the controls; `adversarial-dead` would equal `kd` bit for bit. */
const tuned = ['kd', 'adversarial', 'adversarial-frozen', 'dropout-noise'];

const MEANING =
  'The preset itself trains longer, in batches four times as large: its learning rate starts from what was found here, it is not a result.';

/** How `modern` is tuned: half of the images are held out, so that shares of them are precise enough. */
const tuning = {
  preset: 'modern',
  'limit-train': '4000',
  validation: '0.5',
  'batch-size': '32',
  'teacher-epochs': '8',
  temperatures: '4,2',
  confirm: '3',
};

/** How the preset `modern` was tuned. */
export const tunings = {
  'tuning-fashion-mnist': {
    command: 'tune',
    title: 'Tuning the preset `modern`: Fashion-MNIST',
    notes: [
      'Short trainings of LeNet-4 with a small teacher, to choose the learning rate and the temperature of `modern` for this data set, and whether its adversarial term is on.',
      MEANING,
    ],
    preset: { method: 'kd', learningRate: 0.002, temperature: 4 },
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
    title: 'Tuning the preset `modern`: glyphs',
    notes: ['Short trainings of the small pair, for the same choices.', MEANING],
    preset: { method: 'kd', learningRate: 0.008, temperature: 4 },
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
