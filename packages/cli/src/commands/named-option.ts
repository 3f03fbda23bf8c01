import { AncError } from '@anc/core';
import { NAMED_FORM, readNamed, type Named } from '@anc/pipeline/options';

/** A flag's name with options. Throws `ANC_USAGE`. */
export function namedOf(text: string, flag: string): Named {
  const read = readNamed(text);
  if (!('problem' in read)) return read;
  throw new AncError('ANC_USAGE', `${flag}: expected ${NAMED_FORM}.`, { received: text, hint: read.problem });
}
