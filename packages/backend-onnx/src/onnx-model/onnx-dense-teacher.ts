import { countParameters } from './count-parameters.js';
import { DERIVED, own } from './derived-names.js';
import { sha256 } from './digest.js';
import { measureShapes } from './measure-shapes.js';
import type { OnnxTeacherFacts, OnnxTeacherRequest } from './onnx-teacher.js';
import { requestedTensor } from './output-candidates.js';
import {
  decodeModel,
  ELEMENT,
  encodeModel,
  graphOf,
  makeNode,
  makeValue,
  onnxError,
  type ModelProto,
} from './proto.js';
import { prune } from './prune.js';
import { readTeacher } from './read-teacher.js';
import { SessionTeacher } from './session-teacher.js';
import { createSession, type EngineOwner } from './session.js';
import { takingImages, type InputDerivation } from './taking-images.js';

/** What a teacher with one prediction per position is opened with. */
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
export class OnnxDenseTeacher extends SessionTeacher<Omit<OnnxTeacherFacts, 'head'>> {
  /** @throws `ANC_ONNX` if the file is damaged, or no output has the shape */
  static async create(
    backend: EngineOwner,
    file: Uint8Array,
    request: OnnxDenseTeacherRequest,
  ): Promise<OnnxDenseTeacher> {
    const { shown, images, outputs, classNames } = request;
    const { options, bytes, model, properties, metadata, prepared, notices } = await readTeacher(
      file,
      request,
    );
    const { input, normalization } = prepared;
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
        least: 1,
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
