import { damagedKeras, type Hdf5Group } from './hdf5.js';

/** A layer in a weights file of Keras 3. */
export interface StoredLayer {
  /** The layer's own name, or its path. */
  readonly name: string;
  /** The path of its group. */
  readonly path: string;
  /** Names of its variables, in their order. */
  readonly variables: readonly string[];
}

/** Variables of each class, by the name under which it is stored. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  conv2d: ['kernel', 'bias'],
  depthwise_conv2d: ['kernel', 'bias'],
  dense: ['kernel', 'bias'],
  batch_normalization: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  normalization: ['mean', 'variance'], // and a count of the samples
};

/** Networks inside networks. */
const MOST_DEPTH = 32;

interface Configured {
  readonly class_name?: unknown;
  readonly config?: {
    readonly name?: unknown;
    readonly layers?: unknown;
    readonly scale?: unknown;
    readonly center?: unknown;
  };
}

/** The layers of a network's configuration, including those of nested networks. */
export function layersInConfig(topology: unknown, inside = ''): StoredLayer[] {
  const { layers } = (topology as Configured | null)?.config ?? {};
  const counts = new Map<string, number>();
  return (Array.isArray(layers) ? (layers as Configured[]) : []).flatMap((layer): StoredLayer[] => {
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
    return [{ name, path, variables }, ...layersInConfig(layer, `${path}/`)];
  });
}

/** The layers of a file that holds only weights: class by class, in the order of their numbers. */
export function layersInFile(file: Hdf5Group, inside = '', depth = 0): StoredLayer[] {
  if (depth > MOST_DEPTH) throw damagedKeras('its groups contain each other');
  const names = [...(file.group(`${inside}layers`)?.names ?? [])];
  const inOrder = new Intl.Collator('en', { numeric: true });
  return names
    .sort((a, b) => inOrder.compare(a, b))
    .flatMap((stored): StoredLayer[] => {
      const path = `${inside}layers/${stored}`;
      const own = file.group(`${path}/vars`)?.attribute('name');
      const variables = VARIABLES[stored.replace(/_\d+$/, '')] ?? [];
      return [
        { name: typeof own === 'string' ? own : path, path, variables },
        ...layersInFile(file, `${path}/`, depth + 1),
      ];
    });
}

/** The name that Keras gives to the group of a class. */
export const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
