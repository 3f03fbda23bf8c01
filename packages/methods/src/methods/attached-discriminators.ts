import {
  AncError,
  type AttachedDiscriminator,
  type AuxiliaryLayer,
  type Discriminator,
  type MethodEnvironment,
  type Parts,
} from '@anc/core';
import { z } from 'zod';
import { SpectrallyNormalized } from '../discriminators/index.js';
import { linearProjection } from '../features/linear-projection.js';
import { optionalPart, type NamedPart } from '../options/index.js';

const adapters = z.enum(['none', 'linear']);

export const adapterSchema = adapters
  .default('none')
  .describe("linear: a learned projection of the student's output to the teacher's width; not exported");

export const inputSchema = z
  .string()
  .default('features')
  .describe("the discriminator's input: features, logits or a named tap");

/** One of several discriminators; options it leaves out are those of the method. */
export const attachedDiscriminatorSchema = z.strictObject({
  discriminator: optionalPart.describe("architecture; default: the method's"),
  input: z.string().optional().describe("output that it discriminates; default: the method's input"),
  weight: z.number().nonnegative().default(1).describe("weight of its loss in the student's loss"),
  adapter: adapters.optional().describe("default: the method's"),
});

/** Options of every discriminator that has none of its own. */
export interface DiscriminatorDefaults {
  readonly discriminator: NamedPart;
  readonly input: string;
  readonly adapter: z.infer<typeof adapters>;
}

/** Options of one of several discriminators, with the defaults filled in. */
export interface AttachedDiscriminatorOptions extends DiscriminatorDefaults {
  /** Weight of its loss in the student's loss. */
  readonly weight: number;
  /** Path of its options for error messages; empty for a single discriminator. */
  readonly path: string;
}

/** The options of each discriminator: the entries of the list with defaults filled in, or the one without a list. */
export const discriminatorOptions = (
  { discriminator, input, adapter }: DiscriminatorDefaults,
  list: readonly z.infer<typeof attachedDiscriminatorSchema>[] | undefined,
): readonly AttachedDiscriminatorOptions[] =>
  list === undefined
    ? [{ discriminator, input, adapter, weight: 1, path: '' }]
    : list.map((entry, i) => ({
        discriminator: entry.discriminator ?? discriminator,
        input: entry.input ?? input,
        adapter: entry.adapter ?? adapter,
        weight: entry.weight,
        path: `discriminators.${i}`,
      }));

/** What discriminators are attached to. */
export interface AttachContext {
  /** Student, teacher and data of the method. */
  readonly environment: MethodEnvironment;
  /** Creates the parts of the objective by name. */
  readonly parts: Parts;
  /** Whether all discriminators are spectrally normalized. */
  readonly spectralNorm: boolean;
}

/** Creates the discriminators. A single one is named `discriminator`, several are named after their inputs. */
export function attachDiscriminators(
  all: readonly AttachedDiscriminatorOptions[],
  context: AttachContext,
): readonly AttachedDiscriminator[] {
  return all.map((options, i) => {
    const earlier = all.slice(0, i).filter(({ input }) => input === options.input).length;
    const suffix = earlier === 0 ? '' : `-${earlier + 1}`;
    const name = all.length === 1 ? 'discriminator' : `discriminator-${options.input}${suffix}`;
    return attachDiscriminator(name, options, context);
  });
}

function attachDiscriminator(
  name: string,
  options: AttachedDiscriminatorOptions,
  { environment, parts, spectralNorm }: AttachContext,
): AttachedDiscriminator {
  const { discriminator, input, weight } = options;
  const adapter = adapterFor(name, options, environment);
  const created = createDiscriminator(discriminator, parts, spectralNorm);
  if (created.conditional) assertOneCondition(created.name, environment);
  return {
    name,
    discriminator: created,
    input,
    weight,
    ...(adapter && { adapter }),
  };
}

/** A condition is one vector of class probabilities per image. Throws `ANC_DISCRIMINATOR_CONDITION`. */
function assertOneCondition(name: string, { task, input, classes }: MethodEnvironment): void {
  const outputs = task?.outputs({ input, classes }) ?? [classes];
  if (outputs.length === 1) return;
  throw new AncError(
    'ANC_DISCRIMINATOR_CONDITION',
    `discriminator ${name} is conditioned on one class per image, and the task ${task!.name} has more.`,
    {
      expected: 'a discriminator without a condition, such as conv or mlp',
      received: `logits [${outputs.join(', ')}] per image`,
    },
  );
}

function createDiscriminator(
  { name, options }: NamedPart,
  parts: Parts,
  spectralNorm: boolean,
): Discriminator {
  const discriminator = parts.discriminator(name, options);
  return spectralNorm ? new SpectrallyNormalized(discriminator) : discriminator;
}

/**
 * The adapter, if the options ask for one and there is a linear one.
 * @throws `ANC_DISCRIMINATOR_INPUT` if student and teacher have no such output, or shapes that differ.
 */
function adapterFor(
  name: string,
  { input, adapter, path }: AttachedDiscriminatorOptions,
  environment: MethodEnvironment,
): AuxiliaryLayer | null {
  const prefix = path === '' ? '' : `${path}: `;
  const at = path === '' ? '' : `in ${path} `;
  const teacherOutputs = environment.teacher?.outputs ?? {};
  const [student, teacher] = [environment.studentOutputs[input], teacherOutputs[input]];
  if (student === undefined || teacher === undefined) {
    const [model, outputs] =
      teacher === undefined ? ['teacher', teacherOutputs] : ['student', environment.studentOutputs];
    throw new AncError(
      'ANC_DISCRIMINATOR_INPUT',
      `${prefix}the ${model} has no output "${input}" for the discriminator.`,
      { expected: `one of ${Object.keys(outputs).join(', ')}`, received: input },
    );
  }
  const projection = linearProjection(`${name}-adapter`, student, teacher);
  if (adapter === 'linear' && projection !== null) return projection;
  if (student.join() === teacher.join()) return null;
  throw new AncError(
    'ANC_DISCRIMINATOR_INPUT',
    `${prefix}student and teacher differ in the shape of "${input}".`,
    {
      expected: `[${teacher.join(', ')}] (the teacher's)`,
      received: `[${student.join(', ')}] (the student's)`,
      hint:
        projection === null
          ? `no linear adapter connects these shapes: ${at}set another input for the discriminator (input: features or logits).`
          : `${at}set adapter: linear (a learned projection of the student, dropped at export), or input: logits.`,
    },
  );
}
