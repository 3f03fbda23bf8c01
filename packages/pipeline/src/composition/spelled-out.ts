import { AncError } from '@anc/core';
import { NAMED_FORM, readNamed } from '../text/named.js';

/** A part may be named with its options in one text, `mlp(units=[8])`, wherever a method takes a name. */
export function spelledOut(
  text: string,
  options: unknown,
  kind: string,
): { readonly name: string; readonly options: unknown } {
  if (!text.includes('(')) return { name: text, options };
  const read = readNamed(text);
  if (!('problem' in read)) return { name: read.name, options: { ...read.options, ...(options as object) } };
  throw new AncError('ANC_OPTIONS', `${kind}: expected ${NAMED_FORM}.`, {
    received: text,
    hint: read.problem,
  });
}
