import { AncError } from '@anc/core';

/** A file is damaged or is not what its name says. */
export const corrupt = (
  file: string,
  what: string,
  expected: string,
  received: string,
  hint = 'get the file again, or point --data-dir at an undamaged copy.',
): AncError => new AncError('ANC_DATA_CORRUPT', `${file}: ${what}.`, { expected, received, hint });

/** Files are in none of the places where they may be; `which` says whether all or any one of them is needed. */
export const missing = (
  dataset: string,
  files: readonly string[],
  places: readonly string[],
  which = '',
): AncError =>
  new AncError('ANC_DATA_MISSING', `${dataset}: ${files.join(', ')} not found.`, {
    expected: `${which === '' ? '' : `${which} `}${files.join(', ')} in one of: ${places.join(', ')}`,
    received: 'no such file',
    hint: 'put it there, or say where it is with --data-dir or ANC_DATA_DIR.',
  });
