import { AncError, type AttachedDiscriminator, type Parts, type MethodEnvironment } from '@anc/core';
import { z } from 'zod';
import { SpectrallyNormalized } from '../discriminators/spectral-norm.js';
import { linearProjection } from '../projections/linear.js';
import { optionalPart, type NamedPart } from './part.js';

const adapters = z.enum(['none', 'linear']);

export const adapterSchema = adapters
  .default('none')
  .describe("linear: a learned projection of the student to the teacher's width, which does not ship");

export const inputSchema = z
  .string()
  .default('features')
  .describe('what D looks at: features, logits or a named tap');

/** One of several discriminators: what it does not say is as the method's option of the same name. */
export const attachedDiscriminatorSchema = z.strictObject({
  discriminator: optionalPart,
  input: z.string().optional(),
  weight: z.number().nonnegative().default(1).describe("weight of its verdict in the student's loss"),
  adapter: adapters.optional(),
});

/** What every discriminator of a game is unless it says otherwise. */
export interface DiscriminatorDefaults {
  readonly discriminator: NamedPart;
  readonly input: string;
  readonly adapter: z.infer<typeof adapters>;
}

export interface AttachedDiscriminatorOptions extends DiscriminatorDefaults {
  readonly weight: number;
  /** Where its options are written, for people: empty where it is the only one. */
  readonly place: string;
}

/** The discriminators that were asked for: those of the list, completed by the defaults, or the one they are. */
export const requestedDiscriminators = (
  { discriminator, input, adapter }: DiscriminatorDefaults,
  list: readonly z.infer<typeof attachedDiscriminatorSchema>[] | undefined,
): readonly AttachedDiscriminatorOptions[] =>
  list === undefined
    ? [{ discriminator, input, adapter, weight: 1, place: '' }]
    : list.map((own, i) => ({
        discriminator: own.discriminator ?? discriminator,
        input: own.input ?? input,
        adapter: own.adapter ?? adapter,
        weight: own.weight,
        place: `discriminators.${i}`,
      }));

export interface AttachContext {
  readonly players: MethodEnvironment;
  readonly parts: Parts;
  readonly spectralNorm: boolean;
}

/** The discriminators of a game: one is named `discriminator`, several after what they look at. */
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
  { players, parts, spectralNorm }: AttachContext,
): AttachedDiscriminator {
  const { discriminator, input, weight } = options;
  const companion = adapterFor(name, options, players);
  return {
    name,
    discriminator: discriminatorOf(discriminator, parts, spectralNorm),
    input,
    weight,
    ...(companion && { adapter: companion }),
  };
}

function discriminatorOf({ name, options }: NamedPart, parts: Parts, spectralNorm: boolean) {
  const made = parts.discriminator(name, options);
  return spectralNorm ? new SpectrallyNormalized(made) : made;
}

/** What D takes, without the batch axis: the teacher's shape. */
export const shapeFor = (
  { input }: Pick<AttachedDiscriminator, 'input'>,
  players: MethodEnvironment,
): readonly number[] => players.teacher!.outputs[input]!;

/** The adapter, if one was asked for. Throws `ANC_DISCRIMINATOR_INPUT` where D could not compare the players. */
function adapterFor(
  name: string,
  { input, adapter, place }: AttachedDiscriminatorOptions,
  players: MethodEnvironment,
) {
  const of = place === '' ? '' : `${place}: `;
  const there = place === '' ? '' : `in ${place} `;
  const [mine, theirs] = [players.studentOutputs[input], players.teacher?.outputs[input]];
  if (mine === undefined || theirs === undefined) {
    const [who, has] =
      theirs === undefined
        ? ['teacher', players.teacher?.outputs ?? {}]
        : ['student', players.studentOutputs];
    throw new AncError(
      'ANC_DISCRIMINATOR_INPUT',
      `${of}the ${who} has no output "${input}" for the discriminator.`,
      { expected: `one of ${Object.keys(has).join(', ')}`, received: input },
    );
  }
  const projection = linearProjection(`${name}-adapter`, mine, theirs);
  if (adapter === 'linear' && projection !== null) return projection;
  if (mine.join() === theirs.join()) return null;
  throw new AncError(
    'ANC_DISCRIMINATOR_INPUT',
    `${of}student and teacher differ in the shape of "${input}".`,
    {
      expected: `[${theirs.join(', ')}] (the teacher's)`,
      received: `[${mine.join(', ')}] (the student's)`,
      hint:
        projection === null
          ? `no linear adapter bridges the two: ${there}let the discriminator look at another output (input: features or logits).`
          : `${there}set adapter: linear (a learned projection of the student, dropped at export), or input: logits.`,
    },
  );
}
