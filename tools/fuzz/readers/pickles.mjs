/** Pickles to start from, by hand. */
import { bytes, concatenated, stored, text, uint32 } from '../pieces.mjs';

const string = (value) => concatenated(bytes(0x58), uint32(value.length), text(value));
const tuple = (...items) => concatenated(bytes(0x28), ...items, bytes(0x74));
const int = (n) => concatenated(bytes(0x4a), uint32(n));
const storage = (key, length) =>
  concatenated(
    tuple(string('storage'), text('ctorch\nFloatStorage\n'), string(key), string('cpu'), int(length)),
    bytes(0x51),
  );
const tensor = (key, length, shape, strides) =>
  concatenated(
    text('ctorch._utils\n_rebuild_tensor_v2\n'),
    tuple(
      storage(key, length),
      int(0),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      bytes(0x89),
      bytes(0x7d),
    ),
    bytes(0x52),
  );
/** A state dict of two tensors and a number. */
export const stateDict = concatenated(
  bytes(0x80, 2, 0x7d, 0x71, 0, 0x28),
  string('conv.weight'),
  tensor('0', 6, [2, 3], [3, 1]),
  string('conv.bias'),
  tensor('0', 6, [2], [1]),
  string('epoch'),
  concatenated(int(3), bytes(0x85, 0x71, 1, 0x68, 1, 0x86)),
  bytes(0x75, 0x2e),
);
/** The same in a checkpoint. */
export const torchZip = (pickle) => stored({ 'a/data.pkl': pickle, 'a/data/0': new Uint8Array(24) });

/** A batch of images and labels as CIFAR has them. */
export const numpy = Buffer.from(
  'gAJ9cQAoWAYAAABsYWJlbHNxAV1xAihLA0vIZVgEAAAAZGF0YXEDY251bXB5LmNvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcQRjbnVtcHkKbmRhcnJheQpxBUsAhXEGY19jb2RlY3MKZW5jb2RlCnEHWAEAAABicQhYBgAAAGxhdGluMXEJhnEKUnELh3EMUnENKEsBSwJLA4ZxDmNudW1weQpkdHlwZQpxD1gCAAAAdTFxEImIh3ERUnESKEsDWAEAAAB8cRNOTk5K/////0r/////SwB0cRRiiWgHWAkAAAAAAQLDiMO6w79xFWgJhnEWUnEXdHEYYnUu',
  'base64',
);
