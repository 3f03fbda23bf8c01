import { corrupt } from '../files/data-error.js';
import { matElements, readElement, type Element } from './mat-file.js';

/** A field's value where it is one number or one text; null for anything else. */
export type MatField = number | string | null;

const [STRUCT, CHAR] = [2, 4];
/** Fields of one structure, and bytes of a field's name, are at most so many. */
const MOST_FIELDS = 256;
const MOST_NAME = 64;

/**
 * Reads the structure arrays of a MATLAB 5 file: for each, its elements' fields that are one number or one text.
 * `limit` bounds what a compressed element may unpack to. Throws `ANC_DATA_CORRUPT` where the file is damaged.
 */
export async function parseMatStructs(
  file: string,
  bytes: Uint8Array,
  limit: number,
): Promise<Map<string, readonly Readonly<Record<string, MatField>>[]>> {
  const found = new Map<string, readonly Readonly<Record<string, MatField>>[]>();
  for await (const { matrix, little } of matElements(file, bytes, limit)) {
    const array = parseStruct(file, matrix, little);
    if (array !== null) found.set(array.name, array.elements);
  }
  return found;
}

/** The parts that every matrix begins with: kind, name, and where its content starts. */
function head(file: string, body: Uint8Array, little: boolean) {
  const flags = readElement(file, body, 0, little);
  if (flags.body.length < 8) throw corrupt(file, 'damaged', '8 bytes of array flags', `${flags.body.length}`);
  const kind = flags.body[little ? 0 : 3]!;
  const sizes = readElement(file, body, flags.next, little);
  const name = readElement(file, body, sizes.next, little);
  return { kind, name: Buffer.from(name.body).toString('latin1'), at: name.next };
}

function parseStruct(file: string, body: Uint8Array, little: boolean) {
  const { kind, name, at } = head(file, body, little);
  if (kind !== STRUCT) return null;
  const width = readElement(file, body, at, little);
  if (width.body.length < 4) throw corrupt(file, 'damaged', 'the length of field names', 'none');
  const length = new DataView(width.body.buffer, width.body.byteOffset).getInt32(0, little);
  if (length < 1 || length > MOST_NAME)
    throw corrupt(file, 'damaged', `field names of 1 to ${MOST_NAME} bytes`, `${length}`);
  const names = readElement(file, body, width.next, little);
  const count = Math.floor(names.body.length / length);
  if (count < 1 || count > MOST_FIELDS)
    throw corrupt(file, 'damaged', `1 to ${MOST_FIELDS} fields`, `${count}`);
  const fields = Array.from({ length: count }, (_, i) =>
    Buffer.from(names.body.subarray(i * length, (i + 1) * length))
      .toString('latin1')
      .replace(/\0.*$/s, ''),
  );
  const elements: Record<string, MatField>[] = [];
  let next = names.next;
  while (next < body.length) {
    const element: Record<string, MatField> = {};
    for (const field of fields) {
      const part: Element = readElement(file, body, next, little);
      element[field] = part.body.length === 0 ? null : valueOf(file, part.body, little);
      next = part.next;
    }
    elements.push(element);
  }
  return { name, elements };
}

function valueOf(file: string, body: Uint8Array, little: boolean): MatField {
  const { kind, at } = head(file, body, little);
  const content = (): Element => readElement(file, body, at, little);
  if (kind === CHAR) {
    const { type, body: letters } = content();
    return Buffer.from(letters).toString(type === 4 || type === 17 ? 'utf16le' : 'utf8'); // 4: uint16, 17: UTF-16
  }
  if (kind < 6 || kind > 13) return null;
  const { type, body: number } = content();
  const view = new DataView(number.buffer, number.byteOffset, number.byteLength);
  const sizes: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8 };
  if (number.length !== sizes[type]) return null; // more than one number, or of an unknown type
  switch (type) {
    case 1:
      return view.getInt8(0);
    case 2:
      return view.getUint8(0);
    case 3:
      return view.getInt16(0, little);
    case 4:
      return view.getUint16(0, little);
    case 5:
      return view.getInt32(0, little);
    case 6:
      return view.getUint32(0, little);
    case 7:
      return view.getFloat32(0, little);
    default:
      return view.getFloat64(0, little);
  }
}
