/** A layer as a network's configuration says it, in the JSON of Keras 2, Keras 3 and TensorFlow.js. */
export interface ConfiguredLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The layers of a topology in their order, networks inside of others and their layers among them. */
export function configuredLayers(topology: unknown): ConfiguredLayer[] {
  if (typeof topology !== 'object' || topology === null) return [];
  const { class_name: className, config } = topology as { class_name?: unknown; config?: unknown };
  const inside = Object.values(topology).flatMap(configuredLayers);
  if (typeof className !== 'string' || typeof config !== 'object' || config === null) return inside;
  const { name } = config as { name?: unknown };
  if (typeof name !== 'string') return inside;
  return [{ className, name, config: config as ConfiguredLayer['config'] }, ...inside];
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

/** The images [H, W, C] that a topology is made for, or null where it leaves a side open or sees other things. */
export function inputOf(topology: unknown): readonly [number, number, number] | null {
  for (const { config } of configuredLayers(topology)) {
    const shape: unknown = config.batch_shape ?? config.batch_input_shape;
    if (!Array.isArray(shape)) continue;
    const [, ...image] = shape as unknown[];
    return image.length === 3 && image.every(isSize) ? (image as unknown as [number, number, number]) : null;
  }
  return null;
}

/** Names of the networks that a topology holds, the outermost first. */
export const networkNames = (topology: unknown): string[] =>
  configuredLayers(topology)
    .filter(({ config }) => Array.isArray(config.layers))
    .map(({ name }) => name);
