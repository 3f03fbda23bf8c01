import type { ByteSource } from '../bytes/byte-source.js';
import { archiveOf } from './archive.js';

/** A file of another kind than was expected: what it is, and what to do. */
export interface ForeignFile {
  /** What the file is, with an article: `a gzip archive`. */
  readonly what: string;
  /** What to do, as an imperative sentence. */
  readonly hint: string;
}

const UNPACK = 'unpack it, and give the file in it.';
const DOWNLOAD = 'download the file itself: the link led to a page about it, or to one that asks to log in.';

/** Kinds of files by their first bytes. */
const STARTS: readonly (readonly [start: string, what: string, hint: string])[] = [
  ['\x1f\x8b', 'a gzip archive', UNPACK],
  ['BZh', 'a bzip2 archive', UNPACK],
  ['\xfd7zXZ\0', 'an xz archive', UNPACK],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive', UNPACK],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive', UNPACK],
  ['Rar!\x1a\x07', 'a RAR archive', UNPACK],
  ['%PDF-', 'a PDF document', 'give the file of weights or the ONNX model.'],
  ['\x89PNG\r\n\x1a\n', 'a PNG image', 'give the file of weights or the ONNX model.'],
  ['\xff\xd8\xff', 'a JPEG image', 'give the file of weights or the ONNX model.'],
  ['\x93NUMPY', 'a NumPy array', 'save the state dict of the network: torch.save(model.state_dict(), path).'],
  ['GGUF', 'a GGUF file', 'give safetensors or a PyTorch state dict of a classifier of images.'],
];

const TEXT_LIMIT = 512;

/**
 * Recognizes files that are given by mistake in place of weights or of a model: empty ones, Git LFS pointers, HTML pages,
 * archives and the like. Null for anything else, which includes all formats that are read here.
 */
export function foreignFile(source: ByteSource): ForeignFile | null {
  if (source.length === 0) {
    return { what: 'an empty file', hint: 'the download or the export did not finish: repeat it.' };
  }
  const bytes = source.read(0, Math.min(source.length, TEXT_LIMIT));
  const start = String.fromCharCode(...bytes); // one character per byte
  const known = STARTS.find(([mark]) => start.startsWith(mark));
  if (known !== undefined) return { what: known[1], hint: known[2] };
  if (start.slice(257, 262) === 'ustar') return { what: 'a tar archive', hint: UNPACK };
  if (start.slice(4, 8) === 'TFL3') {
    return {
      what: 'a TensorFlow Lite model',
      hint: 'give the Keras model that it was converted from, or export it as ONNX with tf2onnx.',
    };
  }
  if (bytes.every((byte) => byte === 0)) {
    return { what: 'a file that starts with zeros only', hint: 'the download did not finish: repeat it.' };
  }
  return textFile(bytes, source.length) ?? archiveOf(source);
}

/** What a text is, where the bytes are one. */
function textFile(bytes: Uint8Array, length: number): ForeignFile | null {
  const text = new TextDecoder().decode(bytes).trimStart();
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    const size = /^size (\d+)$/m.exec(text)?.[1];
    return {
      what: `a Git LFS pointer, not the file itself${size === undefined ? '' : ` (${size} bytes)`}`,
      hint: 'fetch it with `git lfs pull`, or download it from the page of the repository.',
    };
  }
  if (/^(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body)\b/is.test(text)) {
    return { what: 'an HTML page', hint: DOWNLOAD };
  }
  if (/^<\?xml|^<\w+[^>]*>/i.test(text)) return { what: 'an XML document', hint: DOWNLOAD };
  // Control characters tell binary data from text.
  if (length >= 4 && length <= TEXT_LIMIT && !/[\0-\x08\x0e-\x1f\ufffd]/.test(text) && !/^[[{]/.test(text)) {
    return { what: `a text: "${text.trim().slice(0, 60)}"`, hint: DOWNLOAD };
  }
  return null;
}
