import { AncError } from '@anc/core';

/** A file is damaged or is not what its name says. */
export const corrupt = (
  file: string,
  what: string,
  expected: string,
  received: string,
  hint = 'get the file again, or point --data-dir at an undamaged copy.',
): AncError => new AncError('ANC_DATA_CORRUPT', `${file}: ${what}.`, { expected, received, hint });

/** A file is in none of the places where it may be. */
export const missing = (dataset: string, files: readonly string[], places: readonly string[]): AncError =>
  new AncError('ANC_DATA_MISSING', `${dataset}: ${files.join(', ')} not found.`, {
    expected: `${files.join(', ')} in one of: ${places.join(', ')}`,
    received: 'no such file',
    hint: `put the file${files.length > 1 ? 's' : ''} there, or say where with --data-dir or ANC_DATA_DIR.`,
  });
