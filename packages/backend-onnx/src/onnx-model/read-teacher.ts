import type { FixedNormalization, Tree } from '@anc/core';
import { chosenNormalization } from './chosen-normalization.js';
import { inlineExternalData, type ReadExternal } from './external-data.js';
import { imageInput } from './image-input.js';
import { inferenceMode } from './inference-mode.js';
import { declared, type Declared } from './preprocessing.js';
import { decodeModel, metadataOf, type ModelProto } from './proto.js';
import type { InputDerivation } from './taking-images.js';
import { onnxTeacherSchema, type OnnxTeacherOptions } from './teacher-options.js';

/** What every teacher from an ONNX file is created from. */
export interface ReadTeacherRequest {
  /** Name of the file in messages. */
  readonly shown: string;
  /** [H, W, C] of the images that it will be called with. */
  readonly images: readonly [number, number, number];
  readonly options?: OnnxTeacherOptions;
  /** Overrides the model's metadata. */
  readonly normalization?: FixedNormalization;
  /** Reads a file beside the model's, which may hold weights. */
  readonly readExternal?: ReadExternal;
}

/** A model, and how images become its input. */
export interface ReadTeacher {
  readonly options: OnnxTeacherOptions;
  /** The file in inference mode, with external data inside. */
  readonly bytes: Uint8Array;
  readonly model: ModelProto;
  readonly properties: Tree<string>;
  readonly metadata: Declared;
  readonly prepared: InputDerivation;
  /** Which of these is about a change for inference mode; null where there was none. */
  readonly converted: string | null;
  /** Findings and assumptions to tell the user. */
  readonly notices: string[];
}

/** Reads a model of another program: its metadata, and how its images are prepared. Throws `ANC_ONNX`. */
export async function readTeacher(file: Uint8Array, request: ReadTeacherRequest): Promise<ReadTeacher> {
  const { shown, images } = request;
  const options = onnxTeacherSchema.parse(request.options ?? {});
  const inlined = await inlineExternalData(file, shown, request.readExternal);
  const { bytes, notice: converted } = inferenceMode(inlined, shown);
  const model = decodeModel(bytes, shown);
  const properties = metadataOf(model);
  const layout =
    options.layout === 'auto' ? (declared(properties, images[2]).layout ?? 'auto') : options.layout;
  const input = imageInput(model, shown, images, layout);
  const metadata = declared(properties, input.shape[2]);
  const notices = metadata.problems.map((problem) => `${shown}: of its metadata, ${problem}.`);
  if (converted !== null) notices.push(converted);
  if (input.guessed) notices.push(`${shown}: its sizes leave the layout open; assuming NCHW.`);
  const normalization = chosenNormalization(request, options, input, metadata, (text) => notices.push(text));
  const prepared: InputDerivation = {
    input,
    images,
    normalization,
    channels: options.channels === 'auto' ? (metadata.channels ?? 'rgb') : options.channels,
    resize: options.resize,
  };
  return { options, bytes, model, properties, metadata, prepared, converted, notices };
}
