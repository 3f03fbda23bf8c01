import type { Tree } from '../tree/tree.js';
import type { Alarm } from './alarms.js';

/** Above this share of one class, or below this entropy of the mean answer, the generator makes few classes. */
const TOP_CLASS = 0.7;
const ENTROPY = 0.5;
/** Below this deviation of a pixel over the batch, in bytes, images are nearly equal. */
const DEVIATION = 4;
/** Above this share of pixels at the ends of their range, images are black and white. */
const SATURATION = 0.9;

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** The problems of generated images, from an epoch's metrics; none where nothing was generated. */
export function generatorAlarms(metrics: Tree<number>): readonly Alarm[] {
  const { 'generator/entropy': entropy, 'generator/top-class': top } = metrics;
  const { 'generator/deviation': deviation, 'generator/saturation': saturation } = metrics;
  if (entropy === undefined || top === undefined || deviation === undefined || saturation === undefined)
    return [];
  const alarms: Alarm[] = [];
  if (top > TOP_CLASS || entropy < ENTROPY) {
    alarms.push({
      code: 'generator-collapsed',
      message: `generated images are of few classes: the teacher gives ${percent(top)} of a batch to one (entropy of its mean answer ${percent(entropy)} of the largest possible).`,
      advice:
        'try the class-balance term or a greater weight of it, a smaller discrepancyWeight, or a lower learning rate of the generator.',
    });
  }
  if (deviation < DEVIATION) {
    alarms.push({
      code: 'generator-constant',
      message: `generated images are nearly equal: a pixel deviates by ${deviation.toFixed(1)} of 255 over a batch.`,
      advice: 'try the diversity term, a wider generator, or a lower learning rate of the generator.',
    });
  }
  if (saturation > SATURATION) {
    alarms.push({
      code: 'generator-saturated',
      message: `${percent(saturation)} of the generated pixels are at the ends of their range.`,
      advice:
        'try a smaller gain of the generator, output sigmoid, a smaller discrepancyWeight, or a lower learning rate of the generator.',
    });
  }
  return alarms;
}
