import { foreignFile, inMemory } from '@anc/formats';
import { decodeModel, encodeModel, graphOf, onnx, onnxError } from './proto.js';

/** Reads a file beside the model's. `path` comes from the model: relative, without `..`, and not checked any further. */
export type ReadExternal = (path: string) => Promise<Uint8Array>;

/** Times that the bytes of the files may be used: tensors may share them. */
const SHARING = 4;
/** Bytes that a model may have. */
const LARGEST = 2 ** 31 - 1;

/** ONNX's number for tensors whose data are in another file. */
const EXTERNAL = 1;

/**
 * Copies weights from separate files (external data) into the model.
 *
 * @throws `ANC_ONNX` if they cannot be read
 */
export async function inlineExternalData(
  bytes: Uint8Array,
  shown: string,
  read: ReadExternal | undefined,
): Promise<Uint8Array> {
  const model = decodeModel(bytes, shown);
  const outside = graphOf(model).initializer.filter(({ dataLocation }) => Number(dataLocation) === EXTERNAL);
  if (outside.length === 0) return bytes;
  const files = new Map<string, Uint8Array>();
  let copied = 0;
  let stored = 0;
  for (const tensor of outside) {
    const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value ?? '']));
    const location = entries.get('location') ?? '';
    if (location === '' || /^([\\/]|[a-z]:)|(^|[\\/])\.\.([\\/]|$)/i.test(location)) {
      throw onnxError(`${shown}: its weights are outside of its folder.`, {
        expected: 'a file beside the model',
        received: location === '' ? 'nothing' : location,
      });
    }
    let file = files.get(location);
    if (file === undefined) {
      try {
        if (read === undefined) throw new Error('only the model itself was given');
        file = await read(location);
      } catch (cause) {
        throw onnxError(`${shown}: its weights are in "${location}", which cannot be read.`, {
          received: cause instanceof Error ? cause.message : String(cause),
          hint: 'keep that file beside the model, or export the model with its weights inside.',
          cause,
        });
      }
      files.set(location, file);
      stored += file.length;
    }
    const start = byteCount(entries.get('offset') ?? '0', shown, location);
    const length = entries.get('length');
    const end =
      length === undefined ? Math.max(start, file.length) : start + byteCount(length, shown, location);
    if (end > file.length) {
      const foreign = foreignFile(inMemory(file));
      throw onnxError(`${shown}: "${location}" is shorter than the model declares.`, {
        expected: `${end} bytes or more`,
        received: foreign === null ? `${file.length}` : `${file.length}: ${foreign.what}`,
        ...(foreign === null ? {} : { hint: foreign.hint }),
      });
    }
    copied += end - start;
    if (copied > SHARING * stored || copied > LARGEST) {
      throw onnxError(`${shown}: its weights in other files are too large.`, {
        expected: `at most ${SHARING} times the files' own size, and ${LARGEST} bytes`,
        received: 'more',
      });
    }
    tensor.rawData = file.subarray(start, end);
    tensor.externalData = [];
    tensor.dataLocation = onnx.TensorProto.DataLocation.DEFAULT;
  }
  return encodeModel(model);
}

/** A number of bytes in another file: an offset or a length, as text. */
function byteCount(text: string, shown: string, location: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw onnxError(`${shown}: its weights have no readable place in "${location}".`, {
    expected: 'an offset and a length in bytes',
    received: text,
    hint: 'check the file with onnx.checker, or export it again.',
  });
}
