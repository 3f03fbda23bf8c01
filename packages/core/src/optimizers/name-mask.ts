import { AncError } from '../errors/error.js';

/**
 * Chooses parameters by name. `weights`: the kernels of convolutions and dense layers, whose names end in `weights`; biases and
 * batch-norm parameters do not. `all`. Or patterns, separated by commas, in which `*` stands for any letters: `conv*,!conv1*` is
 * every parameter of layers named conv… but the first. A pattern with `!` excludes; with such patterns alone, everything else is chosen.
 */
export type NameMask = string;

/** Whether a parameter's name is chosen. @throws `ANC_OPTIONS` for an empty pattern. */
export function inMask(mask: NameMask, name: string): boolean {
  if (mask === 'all') return true;
  if (mask === 'weights') return /(^|\/)weights$/.test(name);
  const patterns = patternsOf(mask);
  const included = patterns.filter((pattern) => !pattern.startsWith('!'));
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const fits = (pattern: string): boolean => expressionOf(pattern).test(name);
  return (included.length === 0 || included.some(fits)) && !excluded.some(fits);
}

function patternsOf(mask: NameMask): readonly string[] {
  const patterns = mask.split(',').map((pattern) => pattern.trim());
  if (patterns.every((pattern) => pattern !== '' && pattern !== '!')) return patterns;
  throw new AncError('ANC_OPTIONS', 'a pattern of parameter names is empty.', {
    expected: 'weights, all, or patterns separated by commas, e.g. */weights,!logits/*',
    received: mask,
  });
}

/** `weights` and `all` also stand for themselves within a list. */
const expressionOf = (pattern: string): RegExp =>
  pattern === 'all'
    ? /^/
    : pattern === 'weights'
      ? /(^|\/)weights$/
      : new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
