import {
  BYTE_INPUT,
  halfPrecision,
  OnnxBackend,
  OnnxTeacher,
  onnxPrecision,
  openByteModel,
  quantizeOnnx,
  type Feeds,
} from '@anc/backend-onnx';
import { AncError, isAncError, type Backend, type HostTensor } from '@anc/core';
import { NetworkTeacher } from '@anc/core/internal';
import { frozenFromOnnx } from '../classifier/frozen-from-onnx.js';
import { parsePreprocessing } from '../classifier/preprocessing.js';
import type { Precision } from '../export/format.js';
import { sha256 } from '../files/named-file.js';
import type { BenchmarkModel } from './models.js';
import type { OpenRow } from './rows.js';

export interface RowsRequest {
  /** Precisions of ONNX models to measure. */
  readonly precisions: readonly Precision[];
  /** Images by which the ranges of an 8-bit model are set: bytes [B, H, W, C] in batches. */
  readonly calibration: (input: BenchmarkModel['input']) => AsyncIterable<HostTensor>;
  readonly notice: (text: string) => void;
}

/** Opens a model on a backend: with every precision in ONNX Runtime, as it is elsewhere. Throws what opening throws. */
export async function openRows(
  model: BenchmarkModel,
  backend: Backend,
  request: RowsRequest,
): Promise<OpenRow[]> {
  const engine = backend instanceof OnnxBackend ? backend : await OnnxBackend.create();
  try {
    const { input, reading } = model;
    const teacher = await OnnxTeacher.create(engine, model.onnx, {
      shown: model.name,
      images: input,
      options: { features: 'none', ...reading.onnx },
      ...(reading.preprocessing === undefined
        ? {}
        : { normalization: parsePreprocessing(reading.preprocessing, input[2]) }),
      ...(reading.classes && { classes: reading.classes }),
    });
    try {
      for (const notice of teacher.facts.notices) request.notice(notice);
      return backend === engine
        ? await onnxRows(model, engine, teacher, request)
        : await networkRow(model, backend, teacher, request);
    } finally {
      await teacher.dispose();
    }
  } finally {
    if (engine !== backend) await engine.dispose();
  }
}

const factsOf = ({ name, of, input, parameters, flops }: BenchmarkModel, { facts }: OnnxTeacher) => ({
  model: name,
  of,
  input,
  classes: facts.classes,
  parameters: parameters ?? facts.parameters,
  flops: flops ?? facts.flops,
});

async function onnxRows(
  model: BenchmarkModel,
  backend: OnnxBackend,
  teacher: OnnxTeacher,
  { precisions, calibration, notice }: RowsRequest,
): Promise<OpenRow[]> {
  const common = { ...factsOf(model, teacher), backend: backend.name };
  const own = onnxPrecision(model.onnx);
  const { shown, images, batch, least } = teacher.facts;
  const rows: OpenRow[] = [];
  async function* feeds(): AsyncGenerator<Feeds> {
    for await (const bytes of calibration(model.input)) yield { [BYTE_INPUT]: bytes };
  }
  for (const precision of own === 'float32' ? precisions : [own]) {
    try {
      const bytes =
        precision === own
          ? teacher.model
          : precision === 'float16'
            ? halfPrecision(teacher.model)
            : await quantizeOnnx(backend, teacher.model, feeds());
      const opened = await openByteModel(backend, bytes, { shown, images, batch, least });
      rows.push({
        ...common,
        precision,
        bytes: precision === own ? model.onnx.length : bytes.length,
        apart: { kind: 'onnx', model: bytes, batch, least },
        run: (batchOfImages) => opened.run(batchOfImages),
        dispose: () => opened.dispose(),
      });
    } catch (error) {
      if (!isAncError(error) || precision === own) throw error;
      notice(`${model.name} cannot be converted to ${precision}, so it has no such row: ${error.message}`);
    }
  }
  return rows;
}

/** The network itself: other backends have no 8 bits. */
async function networkRow(
  model: BenchmarkModel,
  backend: Backend,
  teacher: OnnxTeacher,
  { notice }: RowsRequest,
): Promise<OpenRow[]> {
  const frozen = model.network ?? frozenFromOnnx(teacher.model, model.name, model.input);
  if (frozen === undefined) {
    notice(`${model.name} has operators that ${backend.name} cannot compute, so it has no row there.`);
    return [];
  }
  const network = await NetworkTeacher.create({
    backend,
    network: frozen.network,
    variables: frozen.variables,
    input: model.input,
    digest: sha256(teacher.model),
  });
  return [
    {
      ...factsOf(model, teacher),
      backend: backend.name,
      precision: 'float32',
      bytes: model.onnx.length,
      apart: model.weights === null ? null : { kind: 'weights', file: model.weights },
      async run(images) {
        const { logits } = await network.infer(images, ['logits']);
        if (logits !== undefined) return logits;
        throw new AncError('ANC_TEACHER_OUTPUT', `${model.name} has no logits.`);
      },
      dispose: () => network.dispose(),
    },
  ];
}
