import type { PlannedModel } from './plan-model.js';

/**
 * The effect of mixing images on each student, as one sentence; null where nothing is mixed, or all of them are trained on
 * mixed images. A mixed image has no label, so stages that read labels see images that are not mixed.
 *
 * @param mixing names of the augmentations that mix images
 */
export function mixingNotice(
  mixing: readonly string[],
  students: readonly Pick<PlannedModel, 'name' | 'stages'>[],
): string | null {
  if (mixing.length === 0) return null;
  const what = [...new Set(mixing)].join(' and ');
  const plain = students.filter(({ stages }) => stages.every(({ usesLabels }) => usesLabels));
  const partly = students.filter(
    ({ stages }) =>
      stages.some(({ usesLabels }) => usesLabels) && !stages.every(({ usesLabels }) => usesLabels),
  );
  const named = (some: typeof students): string => some.map(({ name }) => name).join(', ');
  if (plain.length === students.length) {
    return `${what} ${what.includes(' and ') ? 'have' : 'has'} no effect: a mixed image has no label, and all methods of this run read labels (${named(plain)}).`;
  }
  const exceptions = [
    ...(plain.length === 0 ? [] : [`${named(plain)} (reads labels)`]),
    ...partly.map(({ name, stages }) => {
      const labeled = stages.filter(({ usesLabels }) => usesLabels).map((stage) => stage.name);
      return `${name} in the stages that read labels (${labeled.join(', ')})`;
    }),
  ];
  if (exceptions.length === 0) return null;
  return `${what}: a mixed image has no label, so plain images are shown to ${exceptions.join('; ')}. Differences between methods are then differences of images, too.`;
}
