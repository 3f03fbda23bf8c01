import { AncError } from '@anc/core';

export interface ChosenClasses {
  /** Of the classifier's outputs, in the order asked for; null where all stay as they are. */
  readonly indices: readonly number[] | null;
  readonly names: readonly string[] | null;
}

/**
 * Which of a classifier's `count` classes were asked for: by name, by index, or by both (`3=cat`).
 * `names` are what its file calls them, `fallback` what they may be taken to be called where it says nothing. As many
 * new names as there are classes rename them all. Throws `ANC_CLASSES`.
 */
export function chosenClasses(
  shown: string,
  count: number,
  names: readonly string[] | null,
  asked: readonly string[] | undefined,
  fallback: readonly string[] | undefined,
): ChosenClasses {
  const known = names ?? (fallback?.length === count ? fallback : null);
  if (asked === undefined) return { indices: null, names: known };
  const parsed = asked.map((text) => {
    const [, number, name] = /^(\d+)(?:[=:](.+))?$/.exec(text.trim()) ?? [];
    if (number !== undefined)
      return { index: Number(number), name: name ?? known?.[Number(number)] ?? number };
    return { index: known?.indexOf(text.trim()) ?? -1, name: text.trim() };
  });
  if (asked.length === count && parsed.every(({ index }) => index < 0)) {
    return { indices: null, names: parsed.map(({ name }) => name) };
  }
  const wrong = parsed.find(({ index }) => index < 0 || index >= count);
  if (wrong !== undefined) {
    throw new AncError('ANC_CLASSES', `${shown} has no class "${wrong.name}".`, {
      expected:
        known === null
          ? `indices 0 to ${count - 1}, e.g. 3=cat, or ${count} names for all of them`
          : `some of ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`,
      received: asked.join(', '),
    });
  }
  const indices = parsed.map(({ index }) => index);
  if (new Set(indices).size < indices.length || indices.length < 2) {
    throw new AncError('ANC_CLASSES', '--classes: expected at least two classes, each once.', {
      received: asked.join(', '),
    });
  }
  return { indices, names: parsed.map(({ name }) => name) };
}
