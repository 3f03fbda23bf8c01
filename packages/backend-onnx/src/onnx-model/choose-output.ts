import { GraphValues } from './graph-values.js';
import type { OutputCandidate } from './output-candidates.js';
import { onnxError, type ModelProto } from './proto.js';

/** A candidate with the numbers per image that a run measured. */
export interface MeasuredOutput extends OutputCandidate {
  readonly width: number;
}

/** What is known of the classes before the output is chosen. */
export interface ClassEvidence {
  /** Names of classes in the model's metadata. */
  readonly named: number | null;
  /** Classes of the images. */
  readonly ofImages: number | null;
}

export interface ChosenOutput {
  readonly output: MeasuredOutput;
  /** Why it, in words; null if there was no choice. */
  readonly why: string | null;
}

/** Names of outputs that are something else than the answer. */
const OTHER =
  /emb(ed|$|_)|feat|hidden|pool|latent|represent|backbone|encod|state|attention|attn|proj|vector|box|landmark|keypoint|regress|(^|_)(loc|loss|mu|sigma|log_?var)(_|\d|$)/i;
const AUXILIARY = /aux/i;
/** Names of outputs that are classes. */
const CLASSES = /logit|prob|class|score|softmax|pred|label/i;
const OUTPUT = /^(output|out|y|result)$/i;

/** Layers with weights that belong to one output alone, at most, if it is a head beside another. */
const HEAD_LAYERS = 4;

/**
 * Chooses the output with the classes. What counts, in this order: names that are not of classes are left out, as are
 * tensors that another output is computed from. Then the number of classes in the metadata, that of the images, and names
 * of classes must agree. If several are left: the one called output, the one behind a softmax or sigmoid, or the one
 * that goes on where others of the same width branch off.
 *
 * @throws `ANC_ONNX` where that leaves several or none
 */
export function chooseOutput(
  model: ModelProto,
  shown: string,
  outputs: readonly MeasuredOutput[],
  evidence: ClassEvidence,
): ChosenOutput {
  const values = new GraphValues(model);
  const groups = sameTensor(outputs);
  if (groups.length === 1) return { output: groups[0]!, why: null };
  const { kept: remaining, reasons } = leftOut(values, groups);
  const [only] = remaining;
  if (remaining.length === 1) return { output: only!, why: reasons.join(', and ') };
  const widthOf =
    (count: number | null) =>
    (candidate: MeasuredOutput): boolean =>
      count !== null && (candidate.width === count || (count === 2 && candidate.width === 1));
  const strong: readonly (readonly [string, (candidate: MeasuredOutput) => boolean])[] = [
    ['it is as wide as the metadata have classes', widthOf(evidence.named)],
    ['it is as wide as the images have classes', widthOf(evidence.ofImages)],
    ['its name is of classes', ({ output }) => CLASSES.test(output)],
  ];
  const weak: typeof strong = [
    ['it is the output by its name', ({ output }) => OUTPUT.test(output)],
    ['it is behind a softmax or sigmoid', ({ activation }) => activation !== null],
    ['the others branch off before it', goesOn(values, remaining)],
  ];
  let left = remaining;
  const narrow = (rules: typeof strong, mustAgree: boolean): void => {
    for (const [why, holds] of rules) {
      const found = remaining.filter(holds);
      const both = left.filter((candidate) => found.includes(candidate));
      if (found.length === 0 || found.length === remaining.length) continue;
      if (both.length === 0 && !mustAgree) continue;
      if (both.length < left.length) reasons.push(why);
      left = both;
    }
  };
  narrow(strong, true);
  if (left.length > 1) narrow(weak, false);
  if (left.length === 1) return { output: left[0]!, why: reasons.join(', and ') };
  throw inconclusive(shown, groups);
}

/** Logits and what a softmax makes of them are one: the logits. */
function sameTensor(outputs: readonly MeasuredOutput[]): MeasuredOutput[] {
  const groups = new Map<string, MeasuredOutput>();
  for (const output of outputs) {
    const known = groups.get(output.inner);
    if (known === undefined) groups.set(output.inner, output);
    else if (output.activation === null) groups.set(output.inner, output);
  }
  return [...groups.values()];
}

/**
 * Without features, from which a layer computes another output; without what is computed from another output by no layer
 * (its maximum, say); and without those that are something else by their names.
 */
function leftOut(
  values: GraphValues,
  outputs: readonly MeasuredOutput[],
): { readonly kept: readonly MeasuredOutput[]; readonly reasons: string[] } {
  const behind = new Map(outputs.map((output) => [output, values.nodesBehind(output.inner)]));
  const isBehind = (first: MeasuredOutput, second: MeasuredOutput): boolean => {
    const maker = values.makerOf(first.inner);
    return first !== second && maker !== undefined && behind.get(second)!.has(maker);
  };
  const layerBetween = (first: MeasuredOutput, second: MeasuredOutput): boolean =>
    [...behind.get(second)!].some((node) => values.isProduct(node) && !behind.get(first)!.has(node));
  const isFeature = (one: MeasuredOutput): boolean =>
    outputs.some((other) => isBehind(one, other) && layerBetween(one, other));
  const isDerived = (one: MeasuredOutput): boolean =>
    outputs.some((other) => isBehind(other, one) && !layerBetween(other, one));
  const rules: readonly (readonly [string, (output: MeasuredOutput) => boolean])[] = [
    ['a layer computes it from features that are an output, too', isFeature],
    ['others are computed from it without a layer', isDerived],
    ['the names of others are not of classes', isOther],
  ];
  let kept = outputs;
  const reasons: string[] = [];
  for (const [why, isLeftOut] of rules) {
    const left = kept.filter((output) => !isLeftOut(output));
    if (left.length === 0 || left.length === kept.length) continue;
    kept = left;
    reasons.push(why);
  }
  return { kept, reasons };
}

const isOther = ({ name, output }: MeasuredOutput): boolean =>
  name === output && (AUXILIARY.test(name) || (OTHER.test(name) && !/logit/i.test(name)));

/** Of outputs of one width: whether it has many layers to itself, where every other has only those of a head. */
function goesOn(
  values: GraphValues,
  outputs: readonly MeasuredOutput[],
): (candidate: MeasuredOutput) => boolean {
  if (new Set(outputs.map(({ width }) => width)).size > 1) return () => false;
  const layers = outputs.map(
    ({ inner }) => new Set([...values.nodesBehind(inner)].filter((node) => values.isProduct(node))),
  );
  const own = layers.map(
    (mine, i) => [...mine].filter((node) => !layers.some((other, j) => j !== i && other.has(node))).length,
  );
  return (candidate) => outputs.every((other, i) => (other === candidate) === own[i]! > HEAD_LAYERS);
}

const describe = ({ name, output, width }: MeasuredOutput): string =>
  `${output === name ? name : `${name} (in ${output})`} [N, ${width}]`;

function inconclusive(shown: string, outputs: readonly MeasuredOutput[]): Error {
  return onnxError(`${shown}: several of its outputs could be the classes.`, {
    expected: `the option logits with one of ${outputs.map(({ name }) => name).join(', ')}`,
    received: outputs.map(describe).join(', '),
    hint: `choose one, e.g. "${shown}(logits=${outputs[0]!.name})".`,
  });
}
