import type { HostTensor, Tree } from '@anc/core';
import { inMask } from '@anc/core/internal';
import { optionError } from '../options/option-error.js';
import type { OptionPath, TrainingOptions } from '../options/run-options.js';

/**
 * Throws `ANC_CONFIG` where patterns of names choose no parameter of the student: a misspelled one would silently train without
 * decay. params: the student's.
 */
export function checkScopes({ decayScope, optimizer }: TrainingOptions, params: Tree<HostTensor>): void {
  const own = ['decayScope', 'trustScope'].map(
    (name) => [['training', 'optimizer'], optimizer.options[name]] as const,
  );
  const all: readonly (readonly [OptionPath, unknown])[] = [[['training', 'decayScope'], decayScope], ...own];
  for (const [path, mask] of all) {
    if (typeof mask !== 'string') continue;
    const names = Object.keys(params);
    if (names.some((name) => inMask(mask, name))) continue;
    throw optionError(path, 'these patterns choose no parameter of the student.', {
      expected: `weights, all, or patterns of its names: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`,
      received: mask,
    });
  }
}
