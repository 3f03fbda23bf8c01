/**
 * The part of TensorFlow's `Event` message that scalars need, as protocol buffer bytes
 * (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
 */

/** Protocol buffer wire types. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Base 128, lowest seven bits first; exact for non-negative safe integers. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const key = (field: number, wireType: number): Buffer => varint(field * 8 + wireType);

const integer = (field: number, value: number): Buffer => Buffer.concat([key(field, VARINT), varint(value)]);

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([key(field, FIXED64), bytes]);
}

function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(field, FIXED32), bytes]);
}

function bytes(field: number, value: string | Buffer): Buffer {
  const content = Buffer.from(value as string);
  return Buffer.concat([key(field, LENGTH), varint(content.length), content]);
}

/** The first event of every file. `wallTime` in seconds since 1970. */
export const versionEvent = (wallTime: number): Buffer =>
  Buffer.concat([double(1, wallTime), bytes(3, 'brain.Event:2')]);

/** Values at one step, under their tags. TensorBoard holds them as 32-bit floats. */
export function scalarEvent(
  wallTime: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Buffer {
  const values = Object.entries(scalars).map(([tag, value]) =>
    bytes(1, Buffer.concat([bytes(1, tag), float(2, value)])),
  );
  return Buffer.concat([double(1, wallTime), integer(2, step), bytes(5, Buffer.concat(values))]);
}
