/** Files of our safetensors writer are read by the reference library, and its files by our reader, value by value. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@anc/formats';
import { pythonWith } from '../ci/python.mjs';

const READ_AND_REWRITE = `
import json, sys
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file
with safe_open(sys.argv[1], framework="np") as f:
    tensors = {name: f.get_tensor(name) for name in f.keys()}
    metadata = f.metadata()
save_file({name: t + t.dtype.type(1) for name, t in tensors.items()}, sys.argv[2], metadata=metadata)
print(json.dumps({
    "metadata": metadata,
    "tensors": {n: [str(t.dtype), list(t.shape), t.astype(np.float64).ravel().tolist()] for n, t in tensors.items()},
}))
`;

const TENSORS = {
  'conv/kernel': { shape: [2, 3], data: Float32Array.of(0.1, -2.5, 3e-38, 4, 5.5, -0) },
  step: { shape: [], data: Int32Array.of(-41) },
  'mask/é': { shape: [3, 1], data: Uint8Array.of(0, 1, 254) },
  empty: { shape: [0, 4], data: new Float32Array(0) },
};
const DTYPES = { Float32Array: 'float32', Int32Array: 'int32', Uint8Array: 'uint8' };
const METADATA = { format: 'anc', note: 'größe' };

function expectSame(what, received, expected) {
  const [left, right] = [JSON.stringify(received), JSON.stringify(expected)];
  if (left !== right) throw new Error(`${what}: expected ${right}, received ${left}`);
}

const folder = mkdtempSync(join(tmpdir(), 'anc-safetensors-'));
// Also where the stage ends early, as skipped.
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const python = pythonWith(folder, ['numpy==2.2.6', 'safetensors==0.6.2']);
const [ours, theirs] = [join(folder, 'ours.safetensors'), join(folder, 'theirs.safetensors')];
writeFileSync(ours, encodeSafetensors(TENSORS, METADATA));
const seen = JSON.parse(python(READ_AND_REWRITE, [ours, theirs]));
const back = decodeSafetensors(readFileSync(theirs));

expectSame('metadata read by Python', Object.entries(seen.metadata).sort(), Object.entries(METADATA).sort());
expectSame('metadata read back', Object.entries(back.metadata).sort(), Object.entries(METADATA).sort());
expectSame('names', Object.keys(back.tensors).sort(), Object.keys(TENSORS).sort());
for (const [name, { shape, data }] of Object.entries(TENSORS)) {
  expectSame(name, seen.tensors[name], [DTYPES[data.constructor.name], shape, [...data]]);
  const returned = back.tensors[name];
  expectSame(
    `${name}, returned`,
    [returned.shape, [...returned.data]],
    [shape, [...data.map((value) => value + 1)]],
  );
}
console.log(`${Object.keys(TENSORS).length} tensors agree in both directions`);
