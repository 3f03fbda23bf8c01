import {
  AncError,
  sizeOf,
  Teacher,
  type FixedNormalization,
  type HostTensor,
  type Normalization,
  type Tree,
} from '@anc/core';
import { z } from 'zod';
import type { EngineClient } from '../engine/client.js';
import { chosenClasses } from './classes.js';
import { derive, DERIVED, type Derivation } from './derive.js';
import { sha256 } from './digest.js';
import { inlineExternalData, type ReadExternal } from './external-data.js';
import { countFlops } from './flops.js';
import { findHead } from './head.js';
import { imageInput, isBytes } from './image-input.js';
import { declared } from './preprocessing.js';
import { probeClassifier } from './probe.js';
import { decodeModel, graphOf, metadataOf, onnxError } from './proto.js';
import { createSession, runInBatches, type EngineOwner } from './session.js';

/** What can be said of an ONNX teacher beside its file: `model.onnx(layout=nhwc, features=pool)`. */
export const onnxTeacherSchema = z.strictObject({
  layout: z.enum(['auto', 'nchw', 'nhwc']).default('auto').describe('order of the axes of its input'),
  channels: z.enum(['auto', 'rgb', 'bgr']).default('auto').describe('order of the colours it was trained on'),
  mean: z.array(z.number()).min(1).optional().describe('per channel, of bytes (0..255); with std'),
  std: z.array(z.number().positive()).min(1).optional().describe('per channel, of bytes (0..255); with mean'),
  resize: z.boolean().default(false).describe('bring images of another size to the size of its input'),
  logits: z.string().optional().describe('name of the tensor that is taken for the logits'),
  features: z.string().optional().describe("name of the features' tensor; none: distil on logits"),
});
export type OnnxTeacherOptions = z.input<typeof onnxTeacherSchema>;

export interface OnnxTeacherRequest {
  /** How people name the file. */
  readonly shown: string;
  /** [H, W, C] of the images that it will be given. */
  readonly images: readonly [number, number, number];
  readonly options?: OnnxTeacherOptions;
  /** Instead of what metadata say. */
  readonly normalization?: FixedNormalization;
  /** Which of its classes count: names, indices, or `index=name`. */
  readonly classes?: readonly string[];
  /** Names for its classes where its metadata have none. */
  readonly classNames?: readonly string[];
  /** Reads a file beside the model's, where weights may lie. */
  readonly readExternal?: ReadExternal;
}

/** A classifier of other make, from an ONNX file: bytes in, logits and, where it has them, features out. */
export class OnnxTeacher extends Teacher {
  readonly name: string;
  readonly hash: string;

  private constructor(
    readonly engine: EngineClient,
    readonly session: number,
    readonly outputs: Tree<readonly number[]>,
    readonly facts: OnnxTeacherFacts,
  ) {
    super();
    this.name = facts.shown;
    this.hash = facts.hash;
  }

  /** Throws `ANC_ONNX` on a file that is damaged or no image classifier, or does not fit the images or the request. */
  static async create(
    backend: EngineOwner,
    file: Uint8Array,
    request: OnnxTeacherRequest,
  ): Promise<OnnxTeacher> {
    const { shown, images } = request;
    const options = onnxTeacherSchema.parse(request.options ?? {});
    const bytes = await inlineExternalData(file, shown, request.readExternal);
    const model = decodeModel(bytes, shown);
    const parameters = graphOf(model).initializer.reduce(
      (sum, { dims }) => sum + (dims ?? []).reduce<number>((product, size) => product * Number(size), 1),
      0,
    );
    const said = metadataOf(model);
    const layout = options.layout === 'auto' ? (declared(said, images[2]).layout ?? 'auto') : options.layout;
    const input = imageInput(model, shown, images, layout);
    const metadata = declared(said, input.shape[2]);
    const notices: string[] = [];
    if (input.guessed) notices.push(`${shown}: its layout cannot be told from its sizes; NCHW is taken.`);
    const features = options.features === 'none' ? null : options.features;
    const head = findHead(model, shown, {
      ...(options.logits === undefined ? {} : { logits: options.logits }),
      ...(features === undefined ? {} : { features }),
    });
    const given = givenNormalization(options, shown);
    let normalization =
      given ?? request.normalization ?? (isBytes(input) ? null : fixedOnly(metadata.normalization, shown));
    if (normalization === null && !isBytes(input)) {
      const each = (value: number): number[] => new Array<number>(input.shape[2]).fill(value);
      normalization = { mean: each(0), std: each(255) };
      notices.push(`${shown}: nothing says how its images are prepared, so pixels are divided by 255.`);
    }
    if (
      normalization !== null &&
      ![1, input.shape[2], sizeOf(input.shape)].includes(normalization.mean.length)
    ) {
      throw onnxError(`${shown}: mean and deviation are not one per channel.`, {
        expected: `${input.shape[2]} numbers each`,
        received: `${normalization.mean.length}`,
      });
    }
    if (head.softmax !== null)
      notices.push(`${shown}: the tensor before its ${head.softmax} is taken for the logits.`);
    const base: Derivation = {
      input,
      head,
      images,
      normalization,
      channels: options.channels === 'auto' ? (metadata.channels ?? 'rgb') : options.channels,
      resize: options.resize,
      classes: null,
      probabilities: false,
    };
    const engine = backend.engine;
    const probe = await probeClassifier(engine, derive(bytes, shown, base), base, shown);
    const derivation: Derivation = {
      ...base,
      head: probe.featuresFit ? head : { ...head, features: null },
      probabilities: head.softmax === null && probe.probabilities,
      input: { ...input, batch: probe.batch },
    };
    if (derivation.probabilities) {
      notices.push(
        `${shown}: its outputs are probabilities without a softmax before them; their logarithm is taken.`,
      );
    }
    if (probe.batch !== input.batch) notices.push(`${shown}: it takes one image at a time only.`);
    if (derivation.head.features === null && options.features !== 'none') {
      notices.push(`${shown}: no features were found in it, so it is imitated by its logits.`);
    }
    const names = metadata.classNames?.length === probe.classes ? metadata.classNames : null;
    const chosen = chosenClasses(shown, probe.classes, names, request.classes, request.classNames);
    const final = derive(bytes, shown, { ...derivation, classes: chosen.indices });
    const session = engine.handle();
    await createSession(engine, session, final.slice(), shown);
    const hash = JSON.stringify([await sha256(final), backend.name, backend.environment]);
    return new OnnxTeacher(
      engine,
      session,
      {
        logits: [chosen.indices?.length ?? probe.classes],
        ...(derivation.head.features === null ? {} : { features: [probe.features] }),
      },
      {
        shown,
        hash,
        images,
        batch: probe.batch,
        parameters,
        flops: await countFlops(engine, final, shown, images, probe.batch ?? 1).catch(() => null),
        classes: chosen.indices?.length ?? probe.classes,
        classNames: chosen.names,
        head: derivation.head,
        normalization,
        metadata: said,
        notices,
      },
    );
  }

  async infer(images: HostTensor, names: readonly string[]): Promise<Tree<HostTensor>> {
    const unknown = names.find((name) => !Object.hasOwn(this.outputs, name));
    if (unknown !== undefined) {
      throw new AncError('ANC_TEACHER_OUTPUT', `teacher "${this.name}" has no output "${unknown}".`, {
        expected: `one of ${Object.keys(this.outputs).join(', ')}`,
      });
    }
    const { batch, images: shape } = this.facts;
    const results = await runInBatches(this.engine, this.session, images, shape, batch);
    return Object.fromEntries(names.map((name) => [name, results[DERIVED[name as 'logits' | 'features']]!]));
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseSession', this.session);
  }
}

export interface OnnxTeacherFacts {
  readonly shown: string;
  readonly hash: string;
  readonly images: readonly [number, number, number];
  /** Images per call where the file fixes it. */
  readonly batch: number | null;
  /** Numbers in the file's tensors. */
  readonly parameters: number;
  /** 2 × multiply-adds + bias additions, one image; null where the model's products cannot be shown. */
  readonly flops: number | null;
  readonly classes: number;
  readonly classNames: readonly string[] | null;
  readonly head: {
    readonly logits: string;
    readonly features: string | null;
    readonly softmax: string | null;
  };
  /** Null where the model takes bytes as they are. */
  readonly normalization: FixedNormalization | null;
  readonly metadata: Tree<string>;
  /** What was found or assumed that a person should know. */
  readonly notices: readonly string[];
}

function fixedOnly(normalization: Normalization | null, shown: string): FixedNormalization | null {
  if (normalization !== 'per-image') return normalization;
  throw onnxError(`${shown}: its images are to be normalised one by one, which is not done here.`, {
    hint: 'export it with its normalisation inside: --fold-normalization.',
  });
}

function givenNormalization({ mean, std }: OnnxTeacherOptions, shown: string): FixedNormalization | null {
  if (mean === undefined && std === undefined) return null;
  if (mean !== undefined && mean.length === std?.length) return { mean, std };
  throw onnxError(`${shown}: mean and std belong together.`, {
    expected: 'as many numbers in mean as in std',
    received: `${mean?.length ?? 0} and ${std?.length ?? 0}`,
  });
}
