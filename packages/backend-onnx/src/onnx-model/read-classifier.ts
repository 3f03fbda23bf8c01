import type { FixedNormalization } from '@anc/core';
import type { OnnxGraph } from '@anc/formats';
import { chosenNormalization } from './chosen-normalization.js';
import { inlineExternalData, type ReadExternal } from './external-data.js';
import { findHead } from './head.js';
import { imageInput } from './image-input.js';
import { inferenceMode } from './inference-mode.js';
import { requestedTensor } from './output-candidates.js';
import { readOnnxGraph } from './plain-graph.js';
import { declared } from './preprocessing.js';
import { decodeModel, graphOf, metadataOf, onnxError } from './proto.js';
import { onnxTeacherSchema, type OnnxTeacherOptions } from './teacher-options.js';

/** What a classifier in an ONNX file is read for. */
export interface OnnxClassifierRequest {
  /** Name of the file in messages. */
  readonly shown: string;
  /** [H, W, C] of the images. */
  readonly images: readonly [number, number, number];
  /** Layout, normalization and names of tensors, as for a teacher. */
  readonly options?: OnnxTeacherOptions;
  /** Reads a file beside the model's, which may hold weights. */
  readonly readExternal?: ReadExternal;
}

/** A classifier in an ONNX file as plain data: what a trainable network is made of. */
export interface OnnxClassifier {
  /** Nodes and constants, checked and in order of execution. */
  readonly graph: OnnxGraph;
  /** Name of the value before the softmax, if there is one; else of the output. */
  readonly logits: string;
  /** Name of the input of the last product with weights; null where there is none. */
  readonly features: string | null;
  /** Order of the axes of its images: [N, C, H, W] or [N, H, W, C]. */
  readonly layout: 'nchw' | 'nhwc';
  /** Null where it takes bytes as they are. */
  readonly normalization: FixedNormalization | null;
  /** Findings and assumptions to tell the user. */
  readonly notices: readonly string[];
}

/**
 * Reads a classifier without running it.
 *
 * @throws `ANC_ONNX` if the file is no image classifier, or has several outputs of which none is named
 */
export async function readOnnxClassifier(
  file: Uint8Array,
  request: OnnxClassifierRequest,
): Promise<OnnxClassifier> {
  const { shown, images } = request;
  const options = onnxTeacherSchema.parse(request.options ?? {});
  const { bytes } = inferenceMode(await inlineExternalData(file, shown, request.readExternal), shown);
  const model = decodeModel(bytes, shown);
  const properties = metadataOf(model);
  const layout =
    options.layout === 'auto' ? (declared(properties, images[2]).layout ?? 'auto') : options.layout;
  const input = imageInput(model, shown, images, layout);
  const metadata = declared(properties, input.shape[2]);
  const notices = metadata.problems.map((problem) => `${shown}: of its metadata, ${problem}.`);
  if (input.guessed) notices.push(`${shown}: its sizes leave the layout open; assuming NCHW.`);
  const notice = (text: string): void => void notices.push(text);
  const normalization = chosenNormalization(request, options, input, metadata, notice);
  const features = options.features === 'none' ? null : options.features;
  if (typeof features === 'string') requestedTensor(model, shown, features);
  const head = findHead(model, outputOf(model, shown, options.logits), features);
  const graph = readOnnxGraph(bytes, shown);
  return {
    graph,
    logits: head.logits,
    features: head.features,
    layout: input.layout,
    normalization,
    notices,
  };
}

/** The output with the logits: the one that is named, else the only one. */
function outputOf(model: Parameters<typeof graphOf>[0], shown: string, name: string | undefined): string {
  if (name !== undefined) {
    requestedTensor(model, shown, name);
    return name;
  }
  const outputs = graphOf(model).output.map((output) => output.name ?? '');
  if (outputs.length === 1) return outputs[0]!;
  throw onnxError(`${shown}: it has ${outputs.length} outputs, and a network to train has one.`, {
    expected: 'logits=<name>',
    received: outputs.slice(0, 6).join(', '),
    hint: 'say which of them are the logits: model.onnx(logits=scores).',
  });
}
