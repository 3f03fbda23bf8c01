"""ONNX models as other programs export them, with what Python's ONNX Runtime computes. Prints rows as JSON."""
import json, os, sys
import numpy as np, onnx, onnxruntime
from onnx import TensorProto as T, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static

folder = sys.argv[1]
COUNT, SIDE, CHANNELS = 4, 8, 3
PIXELS = (np.arange(COUNT * SIDE * SIDE * CHANNELS, dtype=np.uint32) * 7919 % 256).astype(np.uint8).reshape(COUNT, SIDE, SIDE, CHANNELS)
rng = np.random.default_rng(0)
WEIGHTS = {name: (rng.standard_normal(shape) * 0.3).astype(np.float32) for name, shape in dict(
    w1=(5, 3, 3, 3), b1=(5,), scale=(5,), shift=(5,), mean=(5,), w2=(6, 5, 3, 3), b2=(6,), w3=(7, 6), b3=(7,)).items()}
WEIGHTS["var"] = (0.5 + rng.random(5)).astype(np.float32)


def graph(opset, dtype=T.FLOAT, layout="nchw", batch="N", side=SIDE, ir=None, inputs_too=False, pixels=False, ending=None):
    """Pad, Conv, BatchNormalization, Clip, MaxPool, Conv, Relu, ReduceMean, Dropout, Gemm, in the form of an opset."""
    number = helper.tensor_dtype_to_np_dtype(dtype)
    constants = {name: value.astype(number) for name, value in WEIGHTS.items()}
    nodes, last = [], "pixels"

    def add(op, *more, **attributes):
        nonlocal last
        out = f"v{len(nodes)}"
        nodes.append(helper.make_node(op, [last, *more], [out], **attributes))
        last = out

    def constant(name, value, kind=np.int64):
        constants[name] = np.array(value, dtype=kind)
        return name

    if pixels:
        add("Cast", to=dtype)
        add("Div", constant("full", 255, number))
    if layout == "nhwc":
        add("Transpose", perm=[0, 3, 1, 2])
    pads = [0, 0, 1, 1, 0, 0, 1, 1]
    add("Pad", pads=pads) if opset < 11 else add("Pad", constant("pads", pads))
    add("Conv", "w1", "b1")
    add("BatchNormalization", "scale", "shift", "mean", "var")
    add("Clip", min=0.0, max=6.0) if opset < 11 else add("Clip", constant("low", 0, number), constant("high", 6, number))
    add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    add("Conv", "w2", "b2", pads=[1, 1, 1, 1])
    add("Relu")
    if opset < 18:
        add("ReduceMean", axes=[2, 3], keepdims=0)
    else:
        add("ReduceMean", constant("axes", [2, 3]), keepdims=0)
    add("Dropout")
    add("Gemm", "w3", "b3", transB=1)
    scores = last
    if ending:
        add(ending, axis=1)
    dims = [batch, 3, side, side] if layout == "nchw" else [batch, side, side, 3]
    inputs = [helper.make_tensor_value_info("pixels", T.UINT8 if pixels else dtype, dims)]
    if inputs_too:
        inputs += [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in constants.items()]
    made = helper.make_graph(nodes, "net", inputs, [helper.make_tensor_value_info(last, dtype, [batch, 7])],
                             [numpy_helper.from_array(value, name) for name, value in constants.items()])
    ir = ir or min(onnx.IR_VERSION, 10 if opset < 23 else 11)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    onnx.checker.check_model(model, full_check=True)
    return model, scores


rows, skipped = [], []


def row(what, model, scores=None, layout="nchw", dtype=np.float32, save=None, limit=None, path=None, size=None):
    """Saves a model and computes its logits: of all images at once, or in the batches that it takes."""
    path = path or f"{folder}/{len(rows)}.onnx"
    if model is not None:
        (save or onnx.save)(model, path)
    loaded = onnx.load(path)
    shown = loaded.graph.output[0].name
    if scores and scores != shown:
        loaded.graph.output.append(helper.make_tensor_value_info(scores, loaded.graph.output[0].type.tensor_type.elem_type, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(loaded.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        skipped.append(f"{what}: Python's ONNX Runtime {onnxruntime.__version__} refuses it: {str(error).splitlines()[0][:120]}")
        return
    x = PIXELS if dtype == np.uint8 else (PIXELS.astype(np.float32) / np.float32(255)).astype(dtype)
    if layout == "nchw":
        x = x.transpose(0, 3, 1, 2)
    fixed = loaded.graph.input[0].type.tensor_type.shape.dim[0].dim_value or COUNT
    found = [session.run([scores or shown], {"pixels": np.ascontiguousarray(x[i:i + fixed])})[0] for i in range(0, COUNT, fixed)]
    rows.append({"what": what, "file": path, "limit": limit or 1e-5, "input": size, "preprocessing": None if dtype == np.uint8 else "unit",
                 "logits": np.concatenate(found).astype(np.float64).ravel().tolist()})


def all_external(model, path):
    name = os.path.basename(path)
    onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=f"{name}.data", size_threshold=0)


def each_external(model, path):
    onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0)


class Calibration(CalibrationDataReader):
    def __init__(self):
        self.images = iter([{"pixels": (PIXELS.astype(np.float32) / 255).transpose(0, 3, 1, 2)}])

    def get_next(self):
        return next(self.images, None)


for opset in range(7, 24):
    row(f"opset {opset}", *graph(opset))
row("IR 3, weights among the inputs", *graph(8, ir=3, inputs_too=True))
row("IR 4, weights no inputs", *graph(9, ir=4))
row("external data, one file", *graph(17), save=all_external)
row("external data, a file per tensor", *graph(17), save=each_external)
row("float16", *graph(17, dtype=T.FLOAT16), dtype=np.float16, limit=1e-3)
row("uint8 pixels, NCHW", *graph(17, pixels=True), dtype=np.uint8)
row("uint8 pixels, NHWC", *graph(17, pixels=True, layout="nhwc"), dtype=np.uint8, layout="nhwc")
row("NHWC", *graph(13, layout="nhwc"), layout="nhwc")
row("one image at a time", *graph(17, batch=1))
row("two images at a time, NHWC", *graph(17, batch=2, layout="nhwc"), layout="nhwc")
row("open height and width", *graph(17, side="S"), size=[SIDE, SIDE, CHANNELS])
row("a softmax at the end, opset 11", *graph(11, ending="Softmax"))
row("a softmax at the end, opset 17", *graph(17, ending="Softmax"))
row("a log-softmax at the end", *graph(17, ending="LogSoftmax"))
onnx.save(graph(13)[0], f"{folder}/plain.onnx")
for name, form in (("QDQ", QuantFormat.QDQ), ("QOperator", QuantFormat.QOperator)):
    for each in (False, True):
        path = f"{folder}/{name}-{each}.onnx"
        quantize_static(f"{folder}/plain.onnx", path, Calibration(), quant_format=form, per_channel=each)
        row(f"8-bit, {name}{', scales per channel' if each else ''}", None, path=path)
print(json.dumps({"rows": rows, "skipped": skipped}))
