import type { Compressors, FileMetaData } from 'hyparquet';
import { walkThrift, type ThriftStruct } from './thrift.js';

/** What the reader goes by when it takes a column's pages apart. */
export interface ColumnLayout {
  /** Number of values of the column. */
  readonly values: number;
  readonly codec: string;
  /** Highest levels of its values, by the schema; 0 where no level is stored. */
  readonly repetition: number;
  readonly definition: number;
}

/** Fields of PageHeader: sizes, and the headers of each kind of page, whose first field is the number of values. */
const [UNPACKED, PACKED, PAGE, DICTIONARY, PAGE_2] = [2, 3, 5, 7, 8] as const;
/** Fields of a page's own header. */
const ENCODING = { [PAGE]: 2, [PAGE_2]: 4 } as const;
const [DEFINITION_BYTES, REPETITION_BYTES, IS_PACKED] = [5, 6, 7] as const;
/** Values are indices in a dictionary: PLAIN_DICTIONARY, RLE_DICTIONARY. */
const isOfIndices = (encoding: unknown): boolean => encoding === 2 || encoding === 8;

/**
 * Checks all pages of a column before they are read: the sizes and counts of their headers, and the run lengths within
 * them, which the reader follows whatever they are.
 *
 * @param most largest size in bytes of an unpacked page
 * @throws RangeError if a page claims more bytes or values than there can be.
 */
export function checkPages(
  bytes: Uint8Array,
  column: ColumnLayout,
  most: number,
  compressors: Compressors,
): void {
  let left = column.values;
  for (let at = 0; at < bytes.length;) {
    const { fields, end } = walkThrift(bytes, at);
    const [unpacked, packed] = [fields.get(UNPACKED), fields.get(PACKED)];
    if (typeof packed !== 'number' || typeof unpacked !== 'number')
      throw new RangeError('a page without sizes');
    if (packed < 0 || packed > bytes.length - end || unpacked < 0 || unpacked > most) {
      throw new RangeError(`a page of ${packed} bytes, ${unpacked} unpacked`);
    }
    const content = bytes.subarray(end, end + packed);
    const unpack = (part: Uint8Array, size: number): Uint8Array => {
      const unpacker = compressors[column.codec as keyof Compressors];
      return unpacker === undefined || size === 0 ? part : unpacker(part, size);
    };
    for (const kind of [PAGE, DICTIONARY, PAGE_2] as const) {
      const header = fields.get(kind);
      if (header === undefined || typeof header === 'number') continue;
      const counts = (kind === PAGE_2 ? [1, 2, 3] : [1]).map((id) => header.get(id) ?? 0);
      const wrong = counts.find((count) => typeof count !== 'number' || count < 0 || count > column.values);
      if (wrong !== undefined) throw new RangeError('a page of more values than its column has');
      const count = counts[0] as number;
      if (kind === DICTIONARY) continue;
      left -= count;
      if (left < 0) throw new RangeError('pages of more values than their column has');
      const isPlain = column.repetition + column.definition === 0 && !isOfIndices(header.get(ENCODING[PAGE]));
      if (kind === PAGE_2) checkPage2(content, unpacked, header, count, column, unpack);
      else if (!isPlain) checkPage(unpack(content, unpacked), header, count, column);
    }
    at = end + packed;
  }
}

/** A page of the first kind: everything is packed, and levels begin with their length in bytes. */
function checkPage(page: Uint8Array, header: ThriftStruct, count: number, column: ColumnLayout): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  for (const highest of [column.repetition, column.definition]) {
    if (highest === 0) continue;
    const length = view.getUint32(at, true);
    if (length > page.length - at - 4) throw new RangeError(`levels of ${length} bytes`);
    checkRuns(page.subarray(at + 4, at + 4 + length), widthOf(highest), count);
    at += 4 + length;
  }
  checkIndices(page.subarray(at), header.get(ENCODING[PAGE]), count);
}

/** A page of the second kind: levels are not packed, and the header has their lengths. */
function checkPage2(
  content: Uint8Array,
  unpacked: number,
  header: ThriftStruct,
  count: number,
  column: ColumnLayout,
  unpack: (part: Uint8Array, size: number) => Uint8Array,
): void {
  const [definition, repetition] = [header.get(DEFINITION_BYTES), header.get(REPETITION_BYTES)];
  const isLength = (length: unknown): length is number =>
    typeof length === 'number' && length >= 0 && length <= Math.min(content.length, unpacked);
  if (
    !isLength(definition) ||
    !isLength(repetition) ||
    definition + repetition > Math.min(content.length, unpacked)
  )
    throw new RangeError('a page without the lengths of its levels');
  if (column.repetition > 0) checkRuns(content.subarray(0, repetition), widthOf(column.repetition), count);
  const levels = content.subarray(repetition, repetition + definition);
  if (column.definition > 0) checkRuns(levels, widthOf(column.definition), count);
  const encoding = header.get(ENCODING[PAGE_2]);
  if (!isOfIndices(encoding)) return;
  const before = definition + repetition;
  const indices = content.subarray(before);
  checkIndices(header.get(IS_PACKED) === 0 ? indices : unpack(indices, unpacked - before), encoding, count);
}

function checkIndices(page: Uint8Array, encoding: unknown, count: number): void {
  if (!isOfIndices(encoding) || count === 0) return;
  const width = page[0] ?? 0;
  if (width > 32) throw new RangeError(`indices of ${width} bits`);
  checkRuns(page.subarray(1), width, count);
}

/** Bits of a level. */
const widthOf = (highest: number): number => 32 - Math.clz32(highest);

/** Values by which the last run may exceed what is there to read: packed ones come in groups of 8. */
const PADDING = 512;

/** Checks the runs of the hybrid of run lengths and packed bits: none is longer than what is there to read. */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  for (let at = 0, seen = 0; seen < count && at < bytes.length;) {
    let head = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('a run without its end');
      head += (byte & 127) * scale;
      if (head > 2 ** 31) throw new RangeError(`a run of ${head}`); // the reader counts in 32 bits
      if (byte < 128) break;
    }
    const packed = head % 2 === 1;
    const length = packed ? 8 * ((head - 1) / 2) : head / 2;
    if (length > count - seen + PADDING)
      throw new RangeError(`a run of ${length} values, of ${count - seen}`);
    seen += length;
    at += packed ? (length * width) / 8 : Math.ceil(width / 8);
  }
}

/** Highest levels of a column, and its other properties. Throws a RangeError where the schema does not have it. */
export function layoutOf(
  { schema }: FileMetaData,
  column: FileMetaData['row_groups'][number]['columns'][number]['meta_data'],
): ColumnLayout {
  let [at, repetition, definition] = [0, 0, 0];
  for (const part of column?.path_in_schema ?? []) {
    const children = childrenOf(schema, at);
    const found = children.find((index) => schema[index]!.name === part);
    if (found === undefined) throw new RangeError(`a column "${part}" that its schema lacks`);
    at = found;
    const type = schema[at]!.repetition_type;
    if (type === 'REPEATED') repetition++;
    if (type !== 'REQUIRED') definition++;
  }
  return { values: Number(column?.num_values ?? 0n), codec: column?.codec ?? '', repetition, definition };
}

/** Indices of the children of an element: the schema lists each before its own. */
function childrenOf(schema: FileMetaData['schema'], parent: number): number[] {
  const children: number[] = [];
  let next = parent + 1;
  for (let i = 0; i < (schema[parent]?.num_children ?? 0) && next < schema.length; i++) {
    children.push(next);
    for (let left = 1; left > 0 && next < schema.length; next++)
      left += (schema[next]!.num_children ?? 0) - 1;
  }
  return children;
}
