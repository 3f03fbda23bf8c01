import type { FixedNormalization, FrozenNetwork, Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { isDynamicallyQuantized } from './batch-test.js';
import { chosenClasses } from './classes.js';
import { countParameters } from './count-parameters.js';
import { derive, type Derivation } from './derive.js';
import { sha256 } from './digest.js';
import { findOutput } from './find-output.js';
import { countFlops } from './flops.js';
import { findHead } from './head.js';
import { assertInference } from './inference-mode.js';
import { meaningNotices } from './meaning-notices.js';
import { requestedTensor } from './output-candidates.js';
import { probeClassifier } from './probe.js';
import { decodeModel } from './proto.js';
import { readTeacher, type ReadTeacherRequest } from './read-teacher.js';
import { SessionTeacher } from './session-teacher.js';
import { createSession, type BatchSize, type EngineOwner } from './session.js';

/** What a teacher in an ONNX file is opened with. */
export interface OnnxTeacherRequest extends ReadTeacherRequest {
  /** The classes to keep: names, indices, or `index=name`. */
  readonly classes?: readonly string[];
  /** How many classes the images have: evidence where several outputs could be the logits. */
  readonly imageClasses?: number;
  /** Class names, if its metadata have none. */
  readonly classNames?: readonly string[];
  /**
   * Makes a network of the model as it is run: bytes [B, H, W, C] in; logits and, as a second output, features out.
   * Undefined where an operator has no gradient.
   */
  readonly differentiable?: (model: Uint8Array) => FrozenNetwork | undefined;
}

/** A classifier trained by another program, from an ONNX file: bytes in; logits and, if it has them, features out. */
export class OnnxTeacher extends SessionTeacher<OnnxTeacherFacts> {
  declare readonly frozen?: FrozenNetwork;

  private constructor(
    engine: EngineClient,
    session: number,
    outputs: Tree<readonly number[]>,
    facts: OnnxTeacherFacts,
    /**
     * The model as it is run, with its preprocessing: bytes [B, H, W, C] in; logits [B, classes] and, where it has them,
     * features out.
     */
    readonly model: Uint8Array,
    frozen: () => FrozenNetwork | undefined,
  ) {
    super(engine, session, outputs, facts);
    // Made when it is read: most methods never do.
    let made: { readonly network: FrozenNetwork | undefined } | null = null;
    Object.defineProperty(this, 'frozen', { get: () => (made ??= { network: frozen() }).network });
  }

  /** @throws `ANC_ONNX` if the file is damaged or no image classifier, or does not fit the images or the request */
  static async create(
    backend: EngineOwner,
    file: Uint8Array,
    request: OnnxTeacherRequest,
  ): Promise<OnnxTeacher> {
    const { shown, images } = request;
    const { options, bytes, model, properties, metadata, prepared, notices } = await readTeacher(
      file,
      request,
    );
    const { input, normalization } = prepared;
    const engine = backend.engine;
    const evidence = {
      named: metadata.classNames?.length ?? null,
      ofImages: request.imageClasses ?? request.classNames?.length ?? null,
    };
    const features = options.features === 'none' ? null : options.features;
    if (typeof features === 'string') requestedTensor(model, shown, features);
    const found = await findOutput(engine, bytes, model, shown, prepared, options.logits, evidence);
    notices.push(...found.notices);
    const head = findHead(model, found.name, features);
    assertInference(model, shown, head.logits);
    const base: Derivation = { ...prepared, head, rowless: found.rowless, classes: null, meaning: 'logits' };
    const isDynamic = isDynamicallyQuantized(model);
    const probe = await probeClassifier(engine, derive(bytes, shown, base), base, shown, isDynamic);
    const { meaning } = probe;
    const derivation: Derivation = {
      ...base,
      head: probe.featuresFit ? head : { ...head, features: null },
      meaning,
      input: { ...input, batch: probe.batch },
    };
    notices.push(...meaningNotices(shown, head.activation, meaning, probe.width));
    if (probe.batch !== input.batch) notices.push(`${shown}: it takes only one image at a time.`);
    if (derivation.head.features === null && options.features !== 'none') {
      notices.push(`${shown}: no features found, so students learn from its logits alone.`);
    }
    const classes = meaning.startsWith('binary') ? 2 : probe.width;
    const names = metadata.classNames?.length === classes ? metadata.classNames : null;
    if (names === null && metadata.classNames !== null) {
      notices.push(
        `${shown}: its metadata name ${metadata.classNames.length} classes and it has ${classes}, so the names are not used.`,
      );
    }
    const chosen = chosenClasses(shown, classes, names, request.classes, request.classNames);
    const final = derive(bytes, shown, { ...derivation, classes: chosen.indices });
    const session = engine.handle();
    await createSession(engine, session, final.slice(), shown);
    const hash = JSON.stringify([await sha256(final), backend.name, backend.environment]);
    return new OnnxTeacher(
      engine,
      session,
      {
        logits: [chosen.indices?.length ?? classes],
        ...(derivation.head.features === null ? {} : { features: [probe.features] }),
      },
      {
        shown,
        hash,
        images,
        batch: probe.batch,
        least: probe.least,
        parameters: countParameters(decodeModel(final, shown)),
        flops: await countFlops(engine, final, shown, images, probe.batch ?? probe.least),
        classes: chosen.indices?.length ?? classes,
        classNames: chosen.names,
        head: {
          logits: derivation.head.logits,
          features: derivation.head.features,
          softmax: derivation.head.activation,
        },
        normalization,
        metadata: properties,
        notices,
      },
      final,
      () => request.differentiable?.(final),
    );
  }
}

/** What is known of a teacher in an ONNX file once it is opened. */
export interface OnnxTeacherFacts extends BatchSize {
  /** Name for messages. */
  readonly shown: string;
  /** Changes whenever the outputs may have changed: the model as it is run, the backend. */
  readonly hash: string;
  /** [H, W, C] of the images that it takes. */
  readonly images: readonly [number, number, number];
  /** Numbers in the tensors that its outputs need; null if they are not counted. */
  readonly parameters: number | null;
  /** 2 × multiply-adds + bias additions for one image; null if some of them are not counted. */
  readonly flops: number | null;
  /** Number of classes. */
  readonly classes: number;
  /** Names of the classes; null where the file has none. */
  readonly classNames: readonly string[] | null;
  /** Names of the tensors at its end. */
  readonly head: {
    /** Tensor of the logits. */
    readonly logits: string;
    /** Tensor of the features; null where none was found. */
    readonly features: string | null;
    /** Tensor of the softmax after the logits; null without one. */
    readonly softmax: string | null;
  };
  /** Null if the model takes bytes as they are. */
  readonly normalization: FixedNormalization | null;
  /** Metadata properties of the file. */
  readonly metadata: Tree<string>;
  /** Findings and assumptions to tell the user. */
  readonly notices: readonly string[];
}
