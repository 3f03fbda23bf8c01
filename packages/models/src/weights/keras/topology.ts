/** A layer as a network's configuration says it, in the JSON of Keras 2, Keras 3 and TensorFlow.js. */
export interface ConfiguredLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** How it is called: with which tensors and constants. */
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

/** The layers of a topology in their order, itself the first, each before those that are inside of it. */
export function configuredLayers(topology: unknown): ConfiguredLayer[] {
  if (!isObject(topology)) return [];
  const { class_name: className, config, model_config: model, ...rest } = topology as Written;
  if (model !== undefined) return configuredLayers(model); // as TensorFlow.js puts it
  if (typeof className !== 'string' || !isObject(config)) return [];
  const inside: unknown = Array.isArray(config) ? config : config.layers; // Keras 2.0 has a list alone
  const name = [config.name, rest.name].find((said) => typeof said === 'string') ?? '';
  return [
    { className, name, config, calls: rest.inbound_nodes },
    ...(Array.isArray(inside) ? inside : []).flatMap(configuredLayers),
  ];
}

/** Names of the networks that a topology holds, the outermost first. */
export const networkNames = (topology: unknown): string[] =>
  configuredLayers(topology)
    .filter(({ config, name }) => Array.isArray(config.layers) && name !== '')
    .map(({ name }) => name);

const WEIGHING = /^(Zero|Conv|Depthwise|Separable|BatchNorm|Dense|Flatten|\w*Pooling)/;

/** Layers before the first that computes with weights or windows: what becomes of images before the network. */
export function layersBefore(topology: unknown): ConfiguredLayer[] {
  const layers = configuredLayers(topology);
  const first = layers.findIndex(({ className }) => WEIGHING.test(className));
  return first < 0 ? layers : layers.slice(0, first);
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

/** The images [H, W, C] that the network of a topology is made for; null where a side is open or it sees others. */
export function inputOf(topology: unknown): readonly [number, number, number] | null {
  const first = configuredLayers(topology).find(({ className }) => WEIGHING.test(className));
  const shapes = [...layersBefore(topology), ...(first === undefined ? [] : [first])].flatMap(
    ({ config }) => {
      const shape: unknown = config.batch_shape ?? config.batch_input_shape;
      return Array.isArray(shape) ? [shape.slice(1)] : [];
    },
  );
  return (shapes.findLast((image) => image.length === 3 && image.every(isSize)) ?? null) as
    readonly [number, number, number] | null;
}
