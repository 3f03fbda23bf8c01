import { writeHdf5, type NewGroup } from './hdf5-writer.js';
import { inKerasOrder, type KerasModel, type KerasModelLayer } from './model.js';
import { snakeCase } from './stored-layers.js';

/** The version of Keras that writes such files. */
const KERAS_VERSION = '3.15.1';

/**
 * The bytes of a `.keras` file: configuration, weights, and `metadata` beside Keras's own. The file is built in memory,
 * which briefly holds it twice.
 */
export async function encodeKerasFile(
  model: KerasModel,
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const { zipSync } = await import('fflate');
  const layers = inKerasOrder(model);
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return zipSync(
    {
      'metadata.json': json({ keras_version: KERAS_VERSION, anc: metadata }),
      'config.json': json(configOf(model, layers)),
      'model.weights.h5': await writeHdf5(weightsOf(model, layers)),
    },
    { level: 0, mtime: new Date(1980, 0, 1) }, // Keras does not compress; the same model gives the same bytes
  );
}

function configOf({ name, input, outputs }: KerasModel, layers: readonly KerasModelLayer[]): unknown {
  const place = ({ name }: KerasModelLayer): unknown => [name, 0, 0];
  const [first, ...more] = outputs;
  return {
    module: 'keras.src.models.functional',
    class_name: 'Functional',
    registered_name: 'Functional',
    config: {
      name,
      trainable: true,
      layers: layers.map(layerConfig),
      input_layers: place(input),
      output_layers: more.length === 0 ? place(first!) : outputs.map(place),
    },
  };
}

function layerConfig({ name, className, config, inputs, shape }: KerasModelLayer): unknown {
  const tensors = inputs.map(tensorConfig);
  const called = [{ args: tensors.length === 1 ? tensors : [tensors], kwargs: {} }];
  const input = className === 'InputLayer';
  return {
    module: 'keras.layers',
    class_name: className,
    registered_name: null,
    config: { name, dtype: 'float32', ...(input ? { batch_shape: [null, ...shape] } : {}), ...config },
    name,
    inbound_nodes: input ? [] : called,
  };
}

const tensorConfig = ({ name, shape }: KerasModelLayer): unknown => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, ...shape], dtype: 'float32', keras_history: [name, 0, 0] },
});

/** Keras stores layers by their classes, numbered in their order, and variables by number. */
function weightsOf({ name }: KerasModel, layers: readonly KerasModelLayer[]): NewGroup {
  const counts = new Map<string, number>();
  const groups = layers.map(({ name, className, variables }): [string, NewGroup] => {
    const stored = snakeCase(className);
    const count = counts.get(stored) ?? 0;
    counts.set(stored, count + 1);
    const floats = Object.fromEntries(variables.map((variable, i) => [String(i), variable]));
    const vars: NewGroup = { attributes: { name }, floats };
    return [count === 0 ? stored : `${stored}_${count}`, { groups: { vars } }];
  });
  return { groups: { layers: { groups: Object.fromEntries(groups) }, vars: { attributes: { name } } } };
}
