import { AncError } from '@anc/core';

export interface ChosenClasses {
  /** Indices into the classifier's outputs, in the requested order; null if all outputs stay as they are. */
  readonly indices: readonly number[] | null;
  readonly names: readonly string[] | null;
}

/**
 * Selects from a classifier's `count` classes by name, by index, or by both (`3=cat`). As many new names as there are
 * classes rename them all.
 *
 * @param names class names in the classifier's file, if any
 * @param requested what to select; undefined selects everything
 * @param fallback class names to assume if the file has none
 * @throws `ANC_CLASSES` for a class that does not exist, a repeated one, or fewer than two
 */
export function chosenClasses(
  shown: string,
  count: number,
  names: readonly string[] | null,
  requested: readonly string[] | undefined,
  fallback: readonly string[] | undefined,
): ChosenClasses {
  const known = names ?? (fallback?.length === count ? fallback : null);
  if (requested === undefined) return { indices: null, names: known };
  const parsed = requested.map((text) => {
    const [, number, name] = /^(\d+)(?:[=:](.+))?$/.exec(text.trim()) ?? [];
    if (number !== undefined)
      return { index: Number(number), name: name ?? known?.[Number(number)] ?? number };
    return { index: known?.indexOf(text.trim()) ?? -1, name: text.trim() };
  });
  if (requested.length === count && parsed.every(({ index }) => index < 0)) {
    return { indices: null, names: parsed.map(({ name }) => name) };
  }
  const wrong = parsed.find(({ index }) => index < 0 || index >= count);
  if (wrong !== undefined) {
    throw new AncError('ANC_CLASSES', `${shown} has no class "${wrong.name}".`, {
      expected:
        known === null
          ? `indices 0 to ${count - 1}, e.g. 3=cat, or ${count} names for all of them`
          : `some of ${known.slice(0, 20).join(', ')}${known.length > 20 ? ', …' : ''}`,
      received: requested.join(', '),
    });
  }
  const indices = parsed.map(({ index }) => index);
  if (new Set(indices).size < indices.length || indices.length < 2) {
    throw new AncError('ANC_CLASSES', '--classes: expected at least two classes, each once.', {
      received: requested.join(', '),
    });
  }
  return { indices, names: parsed.map(({ name }) => name) };
}
