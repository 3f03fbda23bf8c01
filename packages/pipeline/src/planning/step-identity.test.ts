import { createHash } from 'node:crypto';
import { traceStep, type TracedStep } from '@anc/compiler';
import { isAncError, type Backend, type Stage, type Step, type StepSpec } from '@anc/core';
import { rehearse } from '@anc/core/internal';
import { toyEnvironment, toyTeacher } from '@anc/testing/toy';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { compose } from '../composition/compose.js';
import { builtinPlugins } from '../plugins/builtin-plugins.js';

/*
 * Engines find a step that they kept on disk by its id: an id that leaves out something that the graph depends on would give a
 * training the graph of another one.
 */
const composition = compose(await builtinPlugins());
const { registries, optimizers } = composition;
const { variables } = await toyTeacher();

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** Kinds of parts by the options that choose one. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  optimizer: registries.optimizers.names,
  dataTerm: registries.dataTerms.names,
  discriminator: registries.discriminators.names,
  adversarialLoss: registries.adversarialLosses.names,
  regularizer: registries.regularizers.names,
  balancer: registries.balancers.names,
  generator: registries.generators.names,
  discrepancy: registries.discrepancies.names,
  memory: registries.memories.names,
};

/** Some values that an option of this schema may have. */
function valuesOf(name: string, schema: JsonSchema): unknown[] {
  const named = PARTS[name] ?? [];
  const simple =
    schema.const !== undefined
      ? [schema.const]
      : schema.enum !== undefined
        ? [...schema.enum]
        : schema.type === 'boolean'
          ? [true, false]
          : schema.type === 'number' || schema.type === 'integer'
            ? [2, 0.25]
            : [];
  return [...named, ...simple, ...(schema.anyOf ?? []).flatMap((one) => valuesOf('', one))];
}

/** The method's options with each of them changed alone. */
function variationsOf(schema: JsonSchema): Record<string, unknown>[] {
  const changed = Object.entries(schema.properties ?? {}).flatMap(([name, option]) =>
    valuesOf(name, option).map((value) => ({ [name]: value })),
  );
  return [{}, ...changed];
}

/** Everything that is traced. */
function digestOf({ graph, outputs, changed, metrics, noise }: TracedStep): string {
  const hash = createHash('sha256');
  const seen = new Map<object, string>();
  for (const { op, inputs, attributes, outputs: made } of graph.nodes) {
    const read = inputs.map((value) => {
      if (value === null) return null;
      const { source, shape } = value;
      if (source.kind === 'input') return source.name;
      if (source.kind === 'node') return value.id;
      const { buffer, byteOffset, byteLength } = source.data;
      const known = seen.get(source.data);
      const content =
        known ??
        createHash('sha256')
          .update(new Uint8Array(buffer, byteOffset, byteLength))
          .digest('hex');
      seen.set(source.data, content);
      return [shape, content];
    });
    hash.update(JSON.stringify([op, attributes, read, made.map(({ id, shape }) => [id, shape])]));
  }
  hash.update(JSON.stringify([outputs.map(({ name, value }) => [name, value.id]), changed, metrics, noise]));
  return hash.digest('hex');
}

/** What a training would compile of some stages: steps, with their specs. */
async function rehearsed(
  stages: readonly Stage[],
  traced: (step: Step, spec: StepSpec) => void,
): Promise<void> {
  const backend = {
    name: 'recorder',
    capabilities: { compiled: true },
    rehearse: (step: Step, spec: StepSpec) => {
      traced(step, spec);
      return Promise.resolve();
    },
  } as unknown as Backend;
  const { input: shape, batchSize = 4, teacher: ofTeacher } = toyEnvironment();
  const teacherOutputs = ofTeacher!.outputs;
  await rehearse({ backend, stages, batchSize, shape, teacherOutputs, teacher: variables, repeats: false });
}

/** `cat` wants a student with class maps, which the toy is not. */
const needsClassMaps = (error: unknown): boolean => isAncError(error) && error.code === 'ANC_METHOD_TAP';

it.each(registries.methods.names)('%s: steps of one id and spec are one graph', async (name) => {
  const { options } = registries.methods.get(name).contribution;
  const schema = z.toJSONSchema(options as z.ZodType, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const digests = new Map<string, string>();
  for (const variation of variationsOf(schema)) {
    const isDefault = Object.keys(variation).length === 0;
    const environment = { ...toyEnvironment(), optimizers };
    let stages: readonly Stage[];
    try {
      const method = await registries.methods.create({ name, options: variation }, composition.parts);
      stages = method.stages({ ...environment, student: method.network(environment.student) });
      await rehearsed(stages, () => undefined);
    } catch (error) {
      if (isDefault && !needsClassMaps(error)) throw error;
      continue; // no value of this option, or none for this network
    }
    await rehearsed(stages, (step, spec) => {
      let traced;
      try {
        traced = traceStep(step, spec, { channelBlock: 8 });
      } catch (error) {
        if (isDefault) throw error;
        return; // a part that this method cannot be trained with
      }
      const key = JSON.stringify([step.id, spec]);
      const digest = digestOf(traced);
      const known = digests.get(key);
      expect(known ?? digest, JSON.stringify(variation)).toBe(digest);
      digests.set(key, digest);
    });
  }
  if (name !== 'cat') expect(digests.size).toBeGreaterThan(0);
});
