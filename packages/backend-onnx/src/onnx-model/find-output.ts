import type { EngineClient } from '../engine/client.js';
import { chooseOutput, type ClassEvidence, type MeasuredOutput } from './choose-output.js';
import { takingImages, type InputDerivation } from './taking-images.js';
import { measureShapes } from './measure-shapes.js';
import { areRows, outputCandidates, requestedTensor } from './output-candidates.js';
import { GraphValues } from './graph-values.js';
import { dimsOf, graphOf, onnxError, type ModelProto } from './proto.js';
import { failed } from './session.js';

/** Outputs that are compared with each other. */
const MOST_OUTPUTS = 1000;

export interface FoundOutput {
  /** The tensor with logits or probabilities. */
  readonly name: string;
  /** Whether the model drops the batch axis of its one image: the numbers are a row. */
  readonly rowless: boolean;
  readonly notices: readonly string[];
}

/**
 * Finds the output with the classes, by its name if one is requested.
 *
 * @throws `ANC_ONNX` where there is none, or where several could be it
 */
export async function findOutput(
  engine: EngineClient,
  bytes: Uint8Array,
  model: ModelProto,
  shown: string,
  derivation: InputDerivation,
  requested: string | undefined,
  evidence: ClassEvidence,
): Promise<FoundOutput> {
  const measure = (names: readonly string[]) =>
    measured(engine, () => takingImages(bytes, shown, derivation), shown, names, derivation);
  if (requested !== undefined) {
    const name = requestedTensor(model, shown, requested);
    const rowless = derivation.input.batch === 1 && isRowless((await measure([name])).get(name)!);
    return { name, rowless, notices: name === requested ? [] : [inSequence(shown, name, requested)] };
  }
  const { length } = graphOf(model).output;
  if (length > MOST_OUTPUTS) {
    throw onnxError(`${shown}: it has too many outputs.`, {
      expected: `at most ${MOST_OUTPUTS}, or the option logits with the name of one`,
      received: `${length}`,
    });
  }
  const candidates = outputCandidates(model);
  const [first] = candidates;
  if (first === undefined) throw noOutput(model, shown);
  const known =
    first.dims !== undefined && first.dims.length > 1 && first.dims.slice(1).every((size) => size !== null);
  const shapes = candidates.length > 1 || !known ? await measure(candidates.map(({ name }) => name)) : null;
  const count = countOf(derivation);
  const rows = candidates.flatMap((candidate): (MeasuredOutput & { readonly rowless: boolean })[] => {
    const shape = shapes?.get(candidate.name) ?? null;
    if (shape === null) return [{ ...candidate, width: NaN, rowless: false }];
    const rowless = derivation.input.batch === 1 && isRowless(shape);
    // Of a single candidate, a wrong number of rows has an error of its own.
    const rows = candidates.length > 1 ? count : shape[0]!;
    if (!rowless && !areRows(shape, rows)) return [];
    return [{ ...candidate, width: shape.slice(rowless ? 0 : 1).reduce((a, b) => a * b, 1), rowless }];
  });
  if (rows.length === 0) throw noOutput(model, shown);
  const { output, why } = chooseOutput(model, shown, rows, evidence);
  const { rowless } = rows.find(({ name }) => name === output.name)!;
  return { name: output.name, rowless, notices: noticesOf(model, shown, output, why) };
}

/** Images of a run that measures shapes: two, so that a batch axis shows. */
const countOf = ({ input }: InputDerivation): number => input.batch ?? 2;

/** Shapes for as many images as `countOf`; of one where the model takes only one, and then as if there were several. */
async function measured(
  engine: EngineClient,
  model: () => ModelProto,
  shown: string,
  names: readonly string[],
  derivation: InputDerivation,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const { images, input } = derivation;
  const run = (count: number) => measureShapes(engine, model(), shown, names, { images, count });
  try {
    return await run(countOf(derivation));
  } catch (cause) {
    if (input.batch === null) {
      const single = await run(1).catch(() => null);
      if (single !== null) {
        return new Map(
          Array.from(single, ([name, [rows = 0, ...rest]]) => [
            name,
            rows === 1 ? [2, ...rest] : [rows, ...rest],
          ]),
        );
      }
    }
    throw failed(`${shown}: the model does not run on images ${images.join('×')}.`, cause);
  }
}

/** The numbers of one image without a batch axis: one number, or a row of several. */
const isRowless = (shape: readonly number[]): boolean =>
  shape.length === 0 || (shape.length === 1 && shape[0]! > 1);

const inSequence = (shown: string, name: string, output: string): string =>
  `${shown}: output "${output}" is a sequence; using the tensor that it is made of, "${name}".`;

function noticesOf(model: ModelProto, shown: string, chosen: MeasuredOutput, why: string | null): string[] {
  const { name, output } = chosen;
  const ignored = graphOf(model)
    .output.map((one) => one.name ?? '')
    .filter((one) => one !== output);
  const notices = name === output ? [] : [inSequence(shown, name, output)];
  if (ignored.length === 0) return notices;
  const reason = why === null ? '' : `, because ${why}`;
  const others = ignored.length > 8 ? `${ignored.slice(0, 8).join(', ')}, …` : ignored.join(', ');
  return [
    ...notices,
    `${shown}: of its outputs, "${output}" is used${reason}; ignored: ${others}. Choose another with the option logits.`,
  ];
}

function noOutput(model: ModelProto, shown: string): Error {
  return onnxError(`${shown}: none of the outputs looks like logits of classes.`, {
    expected: 'an output of floats, [N, classes]',
    received: graphOf(model)
      .output.map(
        (output) => `${output.name} [${(dimsOf(output) ?? []).map((size) => size ?? '?').join(', ')}]`,
      )
      .join(', '),
    hint: `name the tensor with the option logits: "${shown}(logits=${beforeArgMax(model) ?? 'name'})".`,
  });
}

/** What the largest index is taken of, where an output is that index. */
function beforeArgMax(model: ModelProto): string | null {
  const values = new GraphValues(model);
  const nodes = values.nodesBehind(graphOf(model).output.map(({ name }) => name ?? ''));
  return [...nodes].find(({ opType }) => opType === 'ArgMax')?.input?.[0] ?? null;
}
