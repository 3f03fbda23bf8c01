import { AncError, sizeOf, Teacher, type HostTensor, type Tree } from '@anc/core';
import type { EngineClient } from '../engine/client.js';
import { chosenNormalization } from './chosen-normalization.js';
import { countParameters } from './count-parameters.js';
import { DERIVED, own } from './derived-names.js';
import { sha256 } from './digest.js';
import { inlineExternalData } from './external-data.js';
import { imageInput } from './image-input.js';
import { inferenceMode } from './inference-mode.js';
import { measureShapes } from './measure-shapes.js';
import type { OnnxTeacherFacts, OnnxTeacherRequest } from './onnx-teacher.js';
import { requestedTensor } from './output-candidates.js';
import { declared } from './preprocessing.js';
import {
  decodeModel,
  ELEMENT,
  encodeModel,
  graphOf,
  makeNode,
  makeValue,
  metadataOf,
  onnxError,
  type ModelProto,
} from './proto.js';
import { prune } from './prune.js';
import { createSession, type EngineOwner } from './session.js';
import { takingImages, type InputDerivation } from './taking-images.js';
import { onnxTeacherSchema } from './teacher-options.js';

export interface OnnxDenseTeacherRequest extends Omit<OnnxTeacherRequest, 'classes' | 'imageClasses'> {
  /** Shape of an image's logits, classes last: [H, W, classes] for one prediction per pixel. */
  readonly outputs: readonly number[];
}

/** How an output becomes logits with classes last: as it is, or from [N, classes, …]. */
type Axes = 'last' | 'first';

/**
 * A network with several predictions per image, from an ONNX file: bytes in; `logits` [B, …, classes] out, taken from the
 * output of that shape, whether its classes are on the last axis or, as PyTorch has them, on the second. An output named
 * `features` is taken with it.
 */
export class OnnxDenseTeacher extends Teacher {
  readonly name: string;
  readonly hash: string;

  private constructor(
    readonly engine: EngineClient,
    readonly session: number,
    readonly outputs: Tree<readonly number[]>,
    readonly facts: Omit<OnnxTeacherFacts, 'head' | 'least'>,
  ) {
    super();
    this.name = facts.shown;
    this.hash = facts.hash;
  }

  /** @throws `ANC_ONNX` if the file is damaged, or no output has the shape */
  static async create(
    backend: EngineOwner,
    file: Uint8Array,
    { shown, images, outputs, classNames, ...request }: OnnxDenseTeacherRequest,
  ): Promise<OnnxDenseTeacher> {
    const options = onnxTeacherSchema.parse(request.options ?? {});
    const inlined = await inlineExternalData(file, shown, request.readExternal);
    const { bytes, notice } = inferenceMode(inlined, shown);
    const model = decodeModel(bytes, shown);
    const properties = metadataOf(model);
    const layout =
      options.layout === 'auto' ? (declared(properties, images[2]).layout ?? 'auto') : options.layout;
    const input = imageInput(model, shown, images, layout);
    const metadata = declared(properties, input.shape[2]);
    const notices = [
      ...metadata.problems.map((problem) => `${shown}: of its metadata, ${problem}.`),
      ...(notice === null ? [] : [notice]),
    ];
    const normalization = chosenNormalization(
      { shown, ...(request.normalization && { normalization: request.normalization }) },
      options,
      input,
      metadata,
      (text) => void notices.push(text),
    );
    const prepared: InputDerivation = {
      input,
      images,
      normalization,
      channels: options.channels === 'auto' ? (metadata.channels ?? 'rgb') : options.channels,
      resize: options.resize,
    };
    const { engine } = backend;
    const names = namesToTry(model, shown, options.logits);
    const shapes = await measureShapes(engine, takingImages(bytes, shown, prepared), shown, names, {
      images,
      count: input.batch ?? 2,
    });
    const found = outputOf(shown, shapes, outputs, input.batch ?? 2);
    const features = shapes.get('features');
    const final = derived(bytes, shown, prepared, found, features === undefined ? null : 'features');
    const session = engine.handle();
    await createSession(engine, session, final.slice(), shown);
    const classes = outputs.at(-1)!;
    const named = metadata.classNames ?? classNames ?? null;
    return new OnnxDenseTeacher(
      engine,
      session,
      { logits: outputs, ...(features && { features: features.slice(1) }) },
      {
        shown,
        hash: JSON.stringify([await sha256(final), backend.name, backend.environment]),
        images,
        batch: input.batch,
        parameters: countParameters(decodeModel(final, shown)),
        flops: null,
        classes,
        classNames: named?.length === classes ? named : null,
        normalization,
        metadata: properties,
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
    const count = images.shape[0]!;
    const each = this.facts.batch ?? count;
    const size = sizeOf(this.facts.images);
    const whole = Object.fromEntries(
      names.map((name) => {
        const shape = this.outputs[name]!;
        return [name, { shape: [count, ...shape], data: new Float32Array(count * sizeOf(shape)) }];
      }),
    );
    for (let start = 0; start < count; start += each) {
      const real = Math.min(each, count - start);
      const data = new Uint8Array(each * size);
      data.set((images.data as Uint8Array).subarray(start * size, (start + real) * size));
      const results: Tree<HostTensor> = await this.engine.call('runFunction', this.session, {
        [DERIVED.images]: { type: 'uint8', shape: [each, ...this.facts.images], data },
      });
      for (const name of names) {
        const row = sizeOf(this.outputs[name]!);
        const part = results[DERIVED[name as 'logits' | 'features']]!.data as Float32Array;
        whole[name]!.data.set(part.subarray(0, real * row), start * row);
      }
    }
    return whole;
  }

  async dispose(): Promise<void> {
    await this.engine.call('releaseSession', this.session);
  }
}

/** The requested output, or all of floats. */
function namesToTry(model: ModelProto, shown: string, requested: string | undefined): readonly string[] {
  const names = graphOf(model).output.map(({ name }) => name ?? '');
  if (requested === undefined) return names;
  const tensor = requestedTensor(model, shown, requested);
  return [tensor, ...(names.includes('features') && tensor !== 'features' ? ['features'] : [])];
}

interface Found {
  readonly name: string;
  readonly axes: Axes;
  readonly rank: number;
}

function outputOf(
  shown: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  outputs: readonly number[],
  count: number,
): Found {
  const last = [count, ...outputs].join();
  const first = [count, outputs.at(-1)!, ...outputs.slice(0, -1)].join();
  const fitting = [...shapes].flatMap(([name, shape]): Found[] => {
    const rank = shape.length;
    if (shape.join() === last) return [{ name, axes: 'last', rank }];
    return shape.join() === first ? [{ name, axes: 'first', rank }] : [];
  });
  const found = fitting.find(({ name }) => name === 'logits') ?? fitting[0];
  if (found !== undefined && (fitting.length === 1 || found.name === 'logits')) return found;
  throw onnxError(
    `${shown}: ${fitting.length === 0 ? 'no output' : 'more than one output'} can be the logits.`,
    {
      expected: `[N, ${outputs.join(', ')}], or classes on the second axis`,
      received: [...shapes].map(([name, shape]) => `${name} [${shape.join(', ')}]`).join('; '),
      hint: 'name it with the option logits, and give images of the size that the network was trained on.',
    },
  );
}

/** The model with its preprocessing inside, and the logits, and features where there are any, as outputs of floats. */
function derived(
  bytes: Uint8Array,
  shown: string,
  prepared: InputDerivation,
  { name, axes, rank }: Found,
  features: string | null,
): Uint8Array {
  const model = takingImages(bytes, shown, prepared);
  const graph = graphOf(model);
  const moved = own('classes-last');
  if (axes === 'first') {
    const perm = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
    graph.node.push(makeNode('Transpose', [name], moved, { perm }));
  }
  const logits = axes === 'first' ? moved : name;
  graph.node.push(makeNode('Cast', [logits], DERIVED.logits, { to: ELEMENT.float32 }));
  if (features !== null) {
    graph.node.push(makeNode('Cast', [features], DERIVED.features, { to: ELEMENT.float32 }));
  }
  graph.output = [DERIVED.logits, ...(features === null ? [] : [DERIVED.features])].map((output) =>
    makeValue(output, ELEMENT.float32),
  );
  prune(model);
  return encodeModel(model);
}
