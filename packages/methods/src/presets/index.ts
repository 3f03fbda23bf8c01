import { AncError } from '@anc/core';
import { givenTeacher } from './given-teacher.js';
import { modern } from './modern.js';
import { paper, PAPER_RESNET_OPTIONS } from './paper.js';
import type { Preset } from './preset.js';

/** The presets by name, each a function of the dataset. */
export const presetFamilies = { paper, modern, 'given-teacher': givenTeacher } as const;
/** Name of a preset. */
export type PresetName = keyof typeof presetFamilies;

/** A preset for a dataset, in full. @throws `ANC_UNKNOWN` if there is no preset of that name. */
export function presetFor(name: string, dataset: string): Preset {
  const family = Object.hasOwn(presetFamilies, name) ? presetFamilies[name as PresetName] : undefined;
  if (family === undefined) {
    throw new AncError('ANC_UNKNOWN', `no preset named "${name}".`, {
      expected: `one of ${Object.keys(presetFamilies).join(', ')}`,
      received: name,
    });
  }
  return { ...family.base, ...family.datasets[dataset] };
}

export { PAPER_RESNET_OPTIONS };
export type { Preset };
