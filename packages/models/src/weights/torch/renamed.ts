import { sizeOf, type Tree } from '@anc/core';

interface Shaped {
  readonly shape: readonly number[];
}

/** A state dict's tensors under other names. */
export interface Renamed<T> {
  readonly tensors: Tree<T>;
  /** Names of tensors that were left out, because they lie beside the network. */
  readonly ignored: readonly string[];
}

/** First segments of what a training module keeps beside its network: losses, metrics, normalizations, attacks. */
const BESIDE =
  /^(?:criterion|\w*loss\w*|\w*metrics?|(?:train|val|valid|test)_(?:acc\w*|f1\w*)|\w*normali[sz]e\w*|normali[sz]ation|preprocess\w*|attacker|augment\w*)$/i;

/** Last segments of means and deviations of pixels, which a network that normalizes its images itself keeps. */
const STATISTICS = /^(?!running_|moving_)(?:\w*_)?(?:mean|std)$/i;
/** Most channels of an image. */
const CHANNELS = 4;

/** Places of a torchvision ResNet's children in a Sequential. */
const CHILDREN: Readonly<Record<string, string>> = {
  0: 'conv1',
  1: 'bn1',
  4: 'layer1',
  5: 'layer2',
  6: 'layer3',
  7: 'layer4',
};

/**
 * A PyTorch state dict as it is, and under the names that it may have without the modules around its network, each step
 * after the one before: without what lies beside the network (a loss, the statistics of pixels); without a prefix of all names
 * (`model.`, `net.`); a ResNet's body and head in modules of their own (`backbone.conv1`, `head`), or as a Sequential of
 * its children, under the names of torchvision.
 */
export function* torchNames<T extends Shaped>(tensors: Tree<T>): Generator<Renamed<T>> {
  yield { tensors, ignored: [] };
  let entries = Object.entries(tensors);
  const { kept, ignored } = withoutBeside(entries);
  entries = kept;
  if (ignored.length > 0) yield { tensors: Object.fromEntries(entries), ignored };
  for (let shorter = withoutPrefix(entries); shorter !== null; shorter = withoutPrefix(entries)) {
    entries = shorter;
    const more = withoutBeside(entries);
    entries = more.kept;
    ignored.push(...more.ignored);
    yield { tensors: Object.fromEntries(entries), ignored: [...ignored] };
  }
  const resnet = asResnet(entries);
  if (resnet !== null) yield { tensors: Object.fromEntries(resnet), ignored };
}

type Entries<T> = [string, T][];

const firstOf = (name: string): string => name.slice(0, Math.max(0, name.indexOf('.')));

function withoutBeside<T extends Shaped>(entries: Entries<T>): { kept: Entries<T>; ignored: string[] } {
  const isBeside = ([name, { shape }]: [string, T]): boolean =>
    BESIDE.test(firstOf(name)) ||
    (STATISTICS.test(name.slice(name.lastIndexOf('.') + 1)) && sizeOf(shape) <= CHANNELS);
  const kept = entries.filter((entry) => !isBeside(entry));
  if (!kept.some(([, { shape }]) => shape.length > 1)) return { kept: entries, ignored: [] };
  return { kept, ignored: entries.filter(isBeside).map(([name]) => name) };
}

/** The names without the first segment, if all have the same one; null if not. */
function withoutPrefix<T>(entries: Entries<T>): Entries<T> | null {
  const first = firstOf(entries[0]?.[0] ?? '');
  if (first === '' || !entries.every(([name]) => firstOf(name) === first)) return null;
  return entries.map(([name, tensor]) => [name.slice(first.length + 1), tensor]);
}

/** Torchvision's names for a ResNet whose body or head has another name; null for any other network. */
function asResnet<T extends Shaped>(entries: Entries<T>): Entries<T> | null {
  const matrices = entries.filter(([, { shape }]) => shape.length === 2);
  const head = matrices.length === 1 ? matrices[0]![0].replace(/\.weight$/, '') : null;
  const isHead = ([name]: [string, T]): boolean => name === `${head}.weight` || name === `${head}.bias`;
  let body = entries.filter((entry) => !isHead(entry));
  for (let shorter = withoutPrefix(body); shorter !== null; shorter = withoutPrefix(body)) body = shorter;
  if (body.some(([name]) => name === '4.0.conv1.weight')) {
    body = body.map(([name, tensor]) => [name.replace(/^\d+/, (place) => CHILDREN[place] ?? place), tensor]);
  }
  if (
    head === null ||
    !['conv1.weight', 'layer1.0.conv1.weight'].every((own) => body.some(([name]) => name === own))
  ) {
    return null;
  }
  const last = head.split('.').at(-1)!;
  const named = last === 'linear' ? last : 'fc';
  return [
    ...body,
    ...entries.filter(isHead).map(([name, tensor]): [string, T] => [named + name.slice(head.length), tensor]),
  ];
}
