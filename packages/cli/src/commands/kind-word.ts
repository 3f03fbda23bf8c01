import { AncError } from '@anc/core';
import { suggestion } from '@anc/pipeline/options';
import { kindNames, KINDS, type Kind } from '@anc/pipeline/plugins';

/** `data term` as one word: `data-term`. */
export const asWord = (text: string): string => text.replace(' ', '-');

/**
 * A kind by what one of it or several are called: `data-term`, `data term`, `dataTerms`.
 *
 * @param verb what is done with it, for the error.
 * @param more other words that are known, for suggestions.
 * @throws `ANC_UNKNOWN`.
 */
export function kindOf(word: string, verb: string, more: readonly string[] = []): Kind {
  const kind = kindNames.find((kind) => [kind, KINDS[kind], asWord(KINDS[kind])].includes(word));
  if (kind !== undefined) return kind;
  const words = [...Object.values(KINDS).map(asWord), ...more];
  const hint = suggestion(word, words);
  throw new AncError('ANC_UNKNOWN', `there is nothing of the kind "${word}" to ${verb}.`, {
    expected: `one of ${words.join(', ')}`,
    ...(hint === null ? {} : { hint }),
  });
}
