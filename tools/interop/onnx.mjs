/**
 * Networks exported with `anc-cli export` are accepted by onnx.checker and give the same logits in Python's ONNX
 * Runtime; models made in Python, as other programs make them, give the same logits here.
 */
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxBackend, OnnxTeacher } from '@anc/backend-onnx';
import { Rng } from '@anc/core';
import sharp from 'sharp';
import { pythonWith } from '../ci/python.mjs';
import { ancCli, attemptAncCli, writeNetwork } from './network-file.mjs';
import { checkUsage, classOf } from './usage.mjs';

const LIMIT = 1e-5; // of the largest logit

const EXPORTED = `
import json, sys
import numpy as np, onnx, onnxruntime
answer = []
for job in json.load(open(sys.argv[1])):
    model = onnx.load(job["file"])
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(job["file"], providers=["CPUExecutionProvider"])
    images = np.array(job["images"], dtype=job["dtype"]).reshape(job["shape"])
    logits, = session.run(["logits"], {"images": images})
    one, = session.run(["logits"], {"images": images[:1]})
    answer.append({"logits": logits.ravel().tolist(), "one": one.ravel().tolist(), "domains": [o.domain for o in model.opset_import],
        "metadata": {p.key: p.value for p in model.metadata_props}})
print(json.dumps(answer))
`;

const MADE = `
import json, sys
import numpy as np, onnx, onnxruntime
from onnx import helper, numpy_helper, TensorProto
folder = sys.argv[1]
rng = np.random.default_rng(0)
def weight(name, *shape): return numpy_helper.from_array((rng.standard_normal(shape) * 0.3).astype(np.float32), name)
def model(name, batch, layout, ending):
    dims = [3, 8, 8] if layout == "nchw" else [8, 8, 3]
    nodes, last = [], "pixels"
    if layout == "nhwc":
        nodes.append(helper.make_node("Transpose", [last], ["nchw"], perm=[0, 3, 1, 2])); last = "nchw"
    nodes += [helper.make_node("Conv", [last, "w1", "b1"], ["c"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]), helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w2", "b2"], ["h"], transB=1), helper.make_node("Relu", ["h"], ["features"]),
        helper.make_node("Gemm", ["features", "w3", "b3"], ["scores"], transB=1)]
    output = "scores"
    if ending: nodes.append(helper.make_node(ending, ["scores"], ["y"], axis=1)); output = "y"
    graph = helper.make_graph(nodes, name,
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [batch, *dims])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, 6])],
        [weight("w1", 5, 3, 3, 3), weight("b1", 5), weight("w2", 7, 80), weight("b2", 7), weight("w3", 6, 7), weight("b3", 6)])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(made, full_check=True)
    path = f"{folder}/{name}.onnx"
    onnx.save(made, path)
    made.graph.output.extend([helper.make_tensor_value_info(n, TensorProto.FLOAT, [batch, w]) for n, w in (("features", 7), ("scores", 6)) if n != output])
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    images = np.arange(4 * 192, dtype=np.uint32) * 7919 % 256
    x = (images.reshape(4, 8, 8, 3) / 255).astype(np.float32)
    if layout == "nchw": x = x.transpose(0, 3, 1, 2)
    rows = [session.run(["scores", "features"], {"pixels": x[i:i + n]}) for n in [batch if isinstance(batch, int) else 4] for i in range(0, 4, n)]
    return {"path": path, "logits": np.concatenate([r[0] for r in rows]).ravel().tolist(), "features": np.concatenate([r[1] for r in rows]).ravel().tolist()}
print(json.dumps([model("open", "N", "nchw", None), model("softmax", "N", "nhwc", "Softmax"), model("log", "N", "nchw", "LogSoftmax"),
    model("one", 1, "nchw", "Softmax"), model("two", 2, "nhwc", None)]))
`;

function expectClose(what, found, wanted) {
  const scale = Math.max(...wanted.map(Math.abs));
  const worst = Math.max(...wanted.map((value, i) => Math.abs(found[i] - value)));
  if (found.length !== wanted.length || !(worst <= LIMIT * scale)) {
    throw new Error(
      `${what}: ${found.length} of ${wanted.length} numbers, largest difference ${worst} of ${scale}`,
    );
  }
  return worst / scale;
}

const folder = mkdtempSync(join(tmpdir(), 'anc-onnx-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const python = pythonWith(folder, ['numpy==2.2.6', 'onnx==1.18.0', 'onnxruntime==1.22.1', 'pillow==11.3.0']);

const NORMALIZATION = { mean: [120, 110, 100], std: [60, 50, 40] };
const classes = ['a', 'b', 'c', 'd', 'e'];
const input = [16, 16, 3];
const rng = Rng.fromSeed(1);
const jobs = [];
for (const [name, options] of [
  ['resnet', { depth: 8, width: 0.5 }],
  ['resnet', { depth: 8, variant: 'v1', shortcut: 'pad' }],
  ['mobilenet', { width: 0.25 }],
  ['lenet4', {}],
]) {
  const weights = join(folder, `${jobs.length}.safetensors`);
  const { logitsOf } = writeNetwork(
    weights,
    { name, options, input, classes, normalization: NORMALIZATION },
    rng,
  );
  const images = Uint8Array.from({ length: 3 * 768 }, () => rng.int(256));
  const wanted = await logitsOf(images);
  for (const fold of [false, true]) {
    const file = join(folder, `${jobs.length}.onnx`);
    const flags = fold ? ['--fold-normalization', '--layout', 'nhwc'] : [];
    ancCli('export', weights, '--format', 'onnx', '--out', file, ...flags);
    const normalised = (value, c) => (value - NORMALIZATION.mean[c]) / NORMALIZATION.std[c];
    const planes = Array.from({ length: images.length }, (_, at) => {
      const [image, c, pixel] = [Math.floor(at / 768), Math.floor((at % 768) / 256), at % 256];
      return normalised(images[image * 768 + pixel * 3 + c], c);
    });
    jobs.push({
      what: `${name}${fold ? ', folded' : ''}`,
      file,
      shape: fold ? [3, 16, 16, 3] : [3, 3, 16, 16],
      dtype: fold ? 'uint8' : 'float32',
      images: fold ? [...images] : planes,
      wanted,
    });
  }
}
const list = join(folder, 'jobs.json');
writeFileSync(list, JSON.stringify(jobs));
let worst = 0;
for (const [i, seen] of JSON.parse(python(EXPORTED, [list])).entries()) {
  const { what, wanted } = jobs[i];
  worst = Math.max(
    worst,
    expectClose(what, seen.logits, wanted),
    expectClose(`${what}, one`, seen.one, wanted.slice(0, 5)),
  );
  if (seen.domains.join() !== '') throw new Error(`${what}: operators of ${seen.domains.join()}`);
  if (seen.metadata.classes !== JSON.stringify(classes))
    throw new Error(`${what}: classes ${seen.metadata.classes}`);
}
console.log(
  `${jobs.length} exports: accepted, and equal in Python to ${worst.toExponential(1)} of the largest logit`,
);

const picture = join(folder, 'picture.png');
const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 7) % 251);
await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
  .png()
  .toFile(picture);
for (const { what, file } of jobs) {
  checkUsage(python, file);
  const { images: found } = JSON.parse(attemptAncCli('predict', file, picture, '--json').stdout);
  const [wanted, named] = [found[0].classes[0].name, classOf(python, file, picture)];
  if (named !== wanted) throw new Error(`${what}: the picture is "${named}" in Python and "${wanted}" here`);
}
console.log(`${jobs.length} exports: their fixtures hold in Python, and a picture has the same class there`);

const backend = await OnnxBackend.create();
worst = 0;
const made = JSON.parse(python(MADE, [folder]));
const images = Uint8Array.from({ length: 4 * 192 }, (_, i) => (i * 7919) % 256);
for (const { path, logits, features } of made) {
  const teacher = await OnnxTeacher.create(backend, readFileSync(path), { shown: path, images: [8, 8, 3] });
  const found = await teacher.infer({ shape: [4, 8, 8, 3], data: images }, ['logits', 'features']);
  worst = Math.max(
    worst,
    expectClose(`${path}: logits`, [...found.logits.data], logits),
    expectClose(`${path}: features`, [...found.features.data], features),
  );
}
await backend.dispose();
console.log(
  `${made.length} models made in Python: logits and features equal here to ${worst.toExponential(1)}`,
);
