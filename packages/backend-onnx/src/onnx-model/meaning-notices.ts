import type { OutputMeaning } from './derive.js';
import type { EndActivation } from './graph-values.js';

/** How the numbers of the output are taken, where that is more than as logits. */
export function meaningNotices(
  shown: string,
  activation: EndActivation | null,
  meaning: OutputMeaning,
  width: number,
): string[] {
  if (meaning === 'binary-logit') {
    const what = activation === null ? 'taken as the logit z' : 'a sigmoid of z, which is taken as the logit';
    return [`${shown}: it has one output per image, ${what} of the second of two classes: logits 0 and z.`];
  }
  if (meaning === 'binary-probability') {
    return [
      `${shown}: it has one output per image, between 0 and 1, taken as the probability p of the second of two classes: logits log(1 - p) and log(p).`,
    ];
  }
  if (meaning === 'probabilities') {
    return [
      `${shown}: its outputs are probabilities without a softmax before them; using their logarithm as logits.`,
    ];
  }
  if (activation === null) return [];
  const separate =
    activation === 'Sigmoid'
      ? ` It gives each of its ${width} classes a probability of its own; students imitate them as exclusive classes.`
      : '';
  return [`${shown}: using the tensor before its ${activation} as logits.${separate}`];
}
