import type { AncError } from '@anc/core';

/** The error for a flag that is only possible with `--resume`. */
export async function nothingToResume(
  flag: string,
  hint: string,
  expected = '--resume <folder> beside it',
): Promise<AncError> {
  const { AncError } = await import('@anc/core');
  return new AncError('ANC_CONFIG', `${flag}: there is no run to resume.`, { expected, hint });
}
