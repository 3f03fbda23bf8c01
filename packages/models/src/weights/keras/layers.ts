import type { Hdf5Group } from './hdf5.js';

/** A layer as Keras 3 stores it. */
export interface KerasLayer {
  /** Its own, or what it is stored as. */
  readonly name: string;
  /** Where it is stored. */
  readonly path: string;
  /** What its variables are, in their order. */
  readonly variables: readonly string[];
}

/** By the name that a class is stored as. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  conv2d: ['kernel', 'bias'],
  depthwise_conv2d: ['kernel', 'bias'],
  dense: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  normalization: ['mean', 'variance'], // and a count of what was seen
};

interface Configured {
  readonly class_name?: unknown;
  readonly config?: {
    readonly name?: unknown;
    readonly layers?: unknown;
    readonly scale?: unknown;
    readonly center?: unknown;
  };
}

/** The layers of a network's configuration, those of networks inside of it among them. */
export function layersOf(topology: unknown, inside = ''): KerasLayer[] {
  const { layers } = (topology as Configured | null)?.config ?? {};
  const counts = new Map<string, number>();
  return (Array.isArray(layers) ? (layers as Configured[]) : []).flatMap((layer): KerasLayer[] => {
    const { class_name: className, config = {} } = layer;
    const stored = snakeCase(String(className));
    const count = counts.get(stored) ?? 0;
    counts.set(stored, count + 1);
    const path = `${inside}layers/${stored}${count === 0 ? '' : `_${count}`}`;
    const absent = [
      ...(config.scale === false ? ['gamma'] : []),
      ...(config.center === false ? ['beta'] : []),
    ];
    const variables = (VARIABLES[stored] ?? []).filter((name) => !absent.includes(name));
    const name = typeof config.name === 'string' ? config.name : path;
    return [{ name, path, variables }, ...layersOf(layer, `${path}/`)];
  });
}

/** The layers of a file that holds weights alone: in the order of their numbers, class by class. */
export function layersIn(file: Hdf5Group, inside = ''): KerasLayer[] {
  const names = [...(file.group(`${inside}layers`)?.names ?? [])];
  const inOrder = new Intl.Collator('en', { numeric: true });
  return names
    .sort((a, b) => inOrder.compare(a, b))
    .flatMap((stored): KerasLayer[] => {
      const path = `${inside}layers/${stored}`;
      const said = file.group(`${path}/vars`)?.attribute('name');
      const variables = VARIABLES[stored.replace(/_\d+$/, '')] ?? [];
      return [
        { name: typeof said === 'string' ? said : path, path, variables },
        ...layersIn(file, `${path}/`),
      ];
    });
}

/** As Keras names groups after classes. */
export const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
