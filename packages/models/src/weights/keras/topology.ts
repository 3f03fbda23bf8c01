/** A layer in a network's configuration, in the JSON of Keras 2, Keras 3 or TensorFlow.js. */
export interface ConfiguredLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Its calls, with their tensors and constants. */
  readonly calls: unknown;
}

interface Written {
  readonly class_name?: unknown;
  readonly name?: unknown;
  readonly config?: unknown;
  readonly inbound_nodes?: unknown;
  readonly model_config?: unknown;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The layers of a topology in their order, starting with itself; nested networks come before their layers. */
export function configuredLayers(topology: unknown): ConfiguredLayer[] {
  if (!isObject(topology)) return [];
  const { class_name: className, config, model_config: model, ...rest } = topology as Written;
  if (model !== undefined) return configuredLayers(model); // TensorFlow.js nests it
  if (typeof className !== 'string' || !isObject(config)) return [];
  const inside: unknown = Array.isArray(config) ? config : config.layers; // Keras 2.0 has only the list
  const name = [config.name, rest.name].find((each) => typeof each === 'string') ?? '';
  return [
    { className, name, config, calls: rest.inbound_nodes },
    ...(Array.isArray(inside) ? inside : []).flatMap(configuredLayers),
  ];
}

/** Names of the networks in a topology, the outermost first. */
export const networkNames = (topology: unknown): string[] =>
  configuredLayers(topology)
    .filter(({ config, name }) => Array.isArray(config.layers) && name !== '')
    .map(({ name }) => name);

const COMPUTING = /^(Zero|Conv|Depthwise|Separable|BatchNorm|Dense|Flatten|\w*Pooling)/;

/** The layers before the first one with weights or windows, which preprocess the images. */
export function layersBefore(topology: unknown): ConfiguredLayer[] {
  const layers = configuredLayers(topology);
  const first = layers.findIndex(({ className }) => COMPUTING.test(className));
  return first < 0 ? layers : layers.slice(0, first);
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

/** The input shape [H, W, C] of a topology's network; null if a side is open, or the input is not an image. */
export function inputOf(topology: unknown): readonly [number, number, number] | null {
  const first = configuredLayers(topology).find(({ className }) => COMPUTING.test(className));
  const shapes = [...layersBefore(topology), ...(first === undefined ? [] : [first])].flatMap(
    ({ config }) => {
      const shape: unknown = config.batch_shape ?? config.batch_input_shape;
      return Array.isArray(shape) ? [shape.slice(1)] : [];
    },
  );
  return (shapes.findLast((image) => image.length === 3 && image.every(isSize)) ?? null) as
    readonly [number, number, number] | null;
}
