import { join } from 'node:path';

/**
 * A student of 61,706 parameters, for 3,000 updates in batches of 128, whatever its images are. The teacher is a published
 * classifier of 914,698 parameters, to be put there first.
 */
export const generated = {
  dataset: 'fashion-mnist',
  teacher: join('runs', 'fashion-mnist-cnn.onnx'),
  student: 'lenet5',
  'batch-size': '128',
  epochs: '6',
  'steps-per-epoch': '500',
  'learning-rate': '0.002',
};

/** The same on oneDNN, which takes about two thirds of the time; see docs/backends.md for how to install it. */
export const generatedOnOnednn = { ...generated, backend: 'onednn', precision: 'float32' };
