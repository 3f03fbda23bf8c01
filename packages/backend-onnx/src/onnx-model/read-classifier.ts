import type { FixedNormalization } from '@anc/core';
import type { OnnxGraph } from '@anc/formats';
import { findHead } from './head.js';
import { requestedTensor } from './output-candidates.js';
import { plainGraph } from './plain-graph.js';
import { graphOf, onnxError, type ModelProto } from './proto.js';
import { readTeacher, type ReadTeacherRequest } from './read-teacher.js';

/** What a classifier in an ONNX file is read for: as a teacher is, with its own normalization. */
export type OnnxClassifierRequest = Omit<ReadTeacherRequest, 'normalization'>;

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
  const { shown } = request;
  const { options, model, prepared, converted, notices } = await readTeacher(file, request);
  const features = options.features === 'none' ? null : options.features;
  if (typeof features === 'string') requestedTensor(model, shown, features);
  const head = findHead(model, outputOf(model, shown, options.logits), features);
  return {
    graph: plainGraph(model, shown),
    logits: head.logits,
    features: head.features,
    layout: prepared.input.layout,
    normalization: prepared.normalization,
    notices: notices.filter((notice) => notice !== converted), // a network follows the mode of its context
  };
}

/** The output with the logits: the one that is named, else the only one. */
function outputOf(model: ModelProto, shown: string, name: string | undefined): string {
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
