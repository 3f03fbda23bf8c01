import { AncError } from '@anc/core';

/** `ANC_DATA_CORRUPT`: a file is damaged, or its content is not what its name says. */
export const corrupt = (
  file: string,
  what: string,
  expected: string,
  received: string,
  hint = 'get the file again, or point --data-dir at an undamaged copy.',
): AncError => new AncError('ANC_DATA_CORRUPT', `${file}: ${what}.`, { expected, received, hint });

/**
 * `ANC_DATA_MISSING`: files are in none of the searched folders. `which` says how many of them are needed, e.g.
 * `any one of`; default: all.
 * `received`: what is there instead.
 */
export const missing = (
  dataset: string,
  files: readonly string[],
  places: readonly string[],
  which = '',
  received = 'no such file',
): AncError =>
  new AncError('ANC_DATA_MISSING', `${dataset}: ${files.join(', ')} not found.`, {
    expected: `${which === '' ? '' : `${which} `}${files.join(', ')} in one of: ${places.join(', ')}`,
    received,
    hint: 'put it there, or set its folder with --data-dir or ANC_DATA_DIR.',
  });
