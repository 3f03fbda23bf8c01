/** Segments that modules add to the names of what they wrap: torch.compile, FSDP and activation checkpointing. */
const ANYWHERE = new Set([
  '_orig_mod',
  '_fsdp_wrapped_module',
  '_checkpoint_wrapped_module',
  '_forward_module',
]);
/** Of DataParallel and AveragedModel. */
const LEADING = 'module.';
/** The counter of AveragedModel, beside the tensors that it averages. */
const COUNTER = /^(?:module\.)*n_averaged$/;

const withoutSegments = (name: string): string =>
  name
    .split('.')
    .filter((segment) => !ANYWHERE.has(segment))
    .join('.');

/**
 * Names without what `torch.compile`, DataParallel, AveragedModel and similar wrappers add, in any nesting, such as
 * `module._orig_mod.`. Names stay as they are where two would become the same.
 */
export function unwrapped<T>(tensors: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const kept = [...tensors].filter(([name]) => !COUNTER.test(withoutSegments(name)));
  let pairs = kept.map(([name, tensor]): [string, T] => [withoutSegments(name), tensor]);
  while (pairs.length > 0 && pairs.every(([name]) => name.startsWith(LEADING))) {
    pairs = pairs.map(([name, tensor]) => [name.slice(LEADING.length), tensor]);
  }
  const renamed = new Map(pairs);
  return renamed.size === kept.length ? renamed : tensors;
}

/** The same for a single name of a file, as a person may write it. */
export const unwrappedName = (name: string): string => withoutSegments(name).replace(/^(?:module\.)+/, '');
