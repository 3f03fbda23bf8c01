"""Checkpoints of PyTorch and safetensors, written without PyTorch in its documented formats: a zip archive (or, before 1.6,
four pickles) whose pickle refers to storages. The network is a ResNet-8 for CIFAR; ONNX Runtime computes its logits."""
import collections, io, json, pickle, struct, sys, types, zipfile
import numpy as np, onnx, onnxruntime
from onnx import TensorProto as T, helper, numpy_helper

folder = sys.argv[1]
COUNT, SIDE = 4, 32
PIXELS = (np.arange(COUNT * SIDE * SIDE * 3, dtype=np.uint32) * 7919 % 256).reshape(COUNT, SIDE, SIDE, 3)
IMAGES = np.ascontiguousarray((PIXELS.astype(np.float32) / np.float32(255)).transpose(0, 3, 1, 2))


def weights(seed):
    """The state dict of a ResNet-8 of a quarter of the width, with statistics as training leaves them."""
    rng, state = np.random.default_rng(seed), {}

    def conv(name, filters, channels, size):
        state[f"{name}.weight"] = (rng.standard_normal((filters, channels, size, size)) * (2 / channels / size**2) ** 0.5).astype(np.float32)

    def norm(name, width):
        for leaf, value in dict(weight=1 + 0.2 * rng.standard_normal(width), bias=0.2 * rng.standard_normal(width),
                                running_mean=0.2 * rng.standard_normal(width), running_var=0.5 + rng.random(width)).items():
            state[f"{name}.{leaf}"] = value.astype(np.float32)
        state[f"{name}.num_batches_tracked"] = np.array(9, np.int64)

    conv("conv1", 4, 3, 3)
    norm("bn1", 4)
    width = 4
    for stage, filters in enumerate((4, 8, 16), 1):
        place = f"layer{stage}.0"
        conv(f"{place}.conv1", filters, width, 3)
        norm(f"{place}.bn1", filters)
        conv(f"{place}.conv2", filters, filters, 3)
        norm(f"{place}.bn2", filters)
        if filters != width:
            conv(f"{place}.downsample.0", filters, width, 1)
            norm(f"{place}.downsample.1", filters)
        width = filters
    state["fc.weight"] = (0.3 * rng.standard_normal((7, 16))).astype(np.float32)
    state["fc.bias"] = rng.standard_normal(7).astype(np.float32)
    return state


def logits(state):
    nodes, tensors = [], {n: v for n, v in state.items() if v.dtype != np.int64}

    def add(op, *inputs, **attributes):
        out = f"v{len(nodes)}"
        nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def conv(x, name, stride=1, pad=1):
        return add("Conv", x, f"{name}.weight", strides=[stride] * 2, pads=[pad] * 4)

    def norm(x, name):
        return add("BatchNormalization", x, *[f"{name}.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")], epsilon=1e-5)

    x = add("Relu", norm(conv("images", "conv1"), "bn1"))
    for stage in (1, 2, 3):
        place, stride = f"layer{stage}.0", 1 if stage == 1 else 2
        y = add("Relu", norm(conv(x, f"{place}.conv1", stride), f"{place}.bn1"))
        y = norm(conv(y, f"{place}.conv2"), f"{place}.bn2")
        if stage > 1:
            x = norm(conv(x, f"{place}.downsample.0", stride, 0), f"{place}.downsample.1")
        x = add("Relu", add("Add", y, x))
    out = add("Gemm", add("Flatten", add("GlobalAveragePool", x)), "fc.weight", "fc.bias", transB=1)
    graph = helper.make_graph(nodes, "resnet", [helper.make_tensor_value_info("images", T.FLOAT, [COUNT, 3, SIDE, SIDE])],
                              [helper.make_tensor_value_info(out, T.FLOAT, [COUNT, 7])], [numpy_helper.from_array(v, n) for n, v in tensors.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"images": IMAGES})[0].astype(np.float64).ravel().tolist()


# What torch.save writes, with stand-ins for PyTorch's names: pickle looks them up by module and name.
def module(name, **members):
    made = sys.modules.setdefault(name, types.ModuleType(name))
    for key, value in members.items():
        value.__module__, value.__qualname__ = name, key
        setattr(made, key, value)
    return made


def _rebuild_tensor_v2(*args): ...
def _rebuild_parameter(*args): ...


STORAGES = {"<f4": "FloatStorage", "<f2": "HalfStorage", "<f8": "DoubleStorage", "bf16": "BFloat16Storage", "<i8": "LongStorage"}
module("torch", **{name: type(name, (), {}) for name in STORAGES.values()})
module("torch._utils", _rebuild_tensor_v2=_rebuild_tensor_v2, _rebuild_parameter=_rebuild_parameter)


class Storage:
    def __init__(self, data, kind=None):
        self.data, self.kind = np.ascontiguousarray(data).ravel(), kind or data.dtype.str


class Tensor:
    def __init__(self, storage, shape, offset=0, strides=None):
        self.view = (storage, offset, tuple(shape), tuple(strides or [int(np.prod(shape[i + 1:], dtype=int)) for i in range(len(shape))]))

    def __reduce__(self):
        return _rebuild_tensor_v2, (*self.view, False, collections.OrderedDict())


class Parameter(Tensor):
    def __reduce__(self):
        return _rebuild_parameter, (Tensor(self.view[0], self.view[2]), True, collections.OrderedDict())


def dumped(root, *more):
    """The pickle of an object, and its storages in the order of their keys; `more` ends the id of a storage."""
    found = []

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            if not isinstance(value, Storage):
                return None
            if value not in found:
                found.append(value)
            return ("storage", getattr(sys.modules["torch"], STORAGES[value.kind]), str(found.index(value)), "cpu", len(value.data), *more)

    out = io.BytesIO()
    Pickler(out, 2).dump(root)
    return out.getvalue(), found


def zip_file(root, path):
    data, storages = dumped(root)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in [("data.pkl", data), ("byteorder", b"little"), *[(f"data/{i}", s.data.tobytes()) for i, s in enumerate(storages)], ("version", b"3\n"), (".data/serialization_id", b"0")]:
            archive.writestr(f"archive/{name}", content)


def legacy_file(root, path):
    data, storages = dumped(root, None)
    with open(path, "wb") as out:
        for value in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}):
            pickle.dump(value, out, 2)
        out.write(data)
        pickle.dump([str(i) for i in range(len(storages))], out, 2)
        for storage in storages:
            out.write(struct.pack("<q", len(storage.data)) + storage.data.tobytes())


def safetensors(state, path):
    header, parts, at = {}, [], 0
    for name, (kind, shape, data) in state.items():
        parts.append(data)
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def tensors(state, prefix="", make=lambda value: Tensor(Storage(value), value.shape)):
    return collections.OrderedDict((prefix + name, make(value)) for name, value in state.items())


def bfloat16(value):
    """The upper half of each number, and the numbers that it stands for."""
    upper = (np.ascontiguousarray(value, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    return upper, (upper.astype(np.uint32) << 16).view(np.float32).reshape(value.shape)


def channels_last(value):
    if value.ndim != 4:
        return Tensor(Storage(value), value.shape)
    last = np.ascontiguousarray(value.transpose(0, 2, 3, 1))
    o, i, h, w = value.shape
    return Tensor(Storage(last), value.shape, 0, (h * w * i, 1, w * i, i))


def transposed(value):
    if value.ndim < 2:
        return Tensor(Storage(value), value.shape)
    turned = np.ascontiguousarray(value.T)
    return Tensor(Storage(turned), value.shape, 0, [stride // value.itemsize for stride in turned.T.strides])


def in_one_storage(state):
    floats = {n: v for n, v in state.items() if v.dtype == np.float32}
    storage, made, at = Storage(np.concatenate([np.float32([7, 7, 7]), *[v.ravel() for v in floats.values()]])), collections.OrderedDict(), 3
    for name, value in state.items():
        made[name] = Tensor(storage, value.shape, at) if name in floats else Tensor(Storage(value), value.shape)
        at += value.size if name in floats else 0
    return made


def typed(state, change):
    return {n: change(v) if v.dtype == np.float32 else v for n, v in state.items()}


M, E = weights(1), weights(2)
WANTED, AVERAGED = logits(M), logits(E)
HALF, SHORT = typed(M, lambda v: v.astype(np.float16).astype(np.float32)), typed(M, lambda v: bfloat16(v)[1])
body = {f"backbone.{n}": v for n, v in M.items() if not n.startswith("fc.")}
split = {**body, "head.weight": M["fc.weight"], "head.bias": M["fc.bias"]}
scalar = lambda value: Tensor(Storage(np.float32([value])), ())
optimizer = {"state": {0: {"step": scalar(3), "exp_avg": Tensor(Storage(M["conv1.weight"]), M["conv1.weight"].shape)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
rows = []


def row(what, root, wanted=WANTED, save=zip_file, suffix="pth", **said):
    path = f"{folder}/{len(rows)}.{suffix}"
    save(root, path)
    rows.append({"what": what, "file": path, "limit": 1e-5, "preprocessing": "unit", "logits": wanted, "input": None, **said})


row("a state dict", tensors(M))
row("before PyTorch 1.6", {"state_dict": tensors(M), "best_prec1": 90.5, "optimizer": optimizer}, save=legacy_file)
row("best_acc1 as a tensor, an optimizer", {"epoch": 9, "arch": "resnet8", "state_dict": tensors(M, "module."), "best_acc1": scalar(71), "optimizer": optimizer}, suffix="tar")
for prefix in ("module.", "_orig_mod.", "module._orig_mod.module.", "model.", "net.", "encoder.", "model.backbone."):
    row(f"prefix {prefix}", tensors(M, prefix))
row("backbone. and head.", tensors(split))
row("AveragedModel", {"n_averaged": Tensor(Storage(np.array([5])), ()), **tensors(M, "module.")})
row("a model and model_ema: the model", {"model_ema": tensors(E, "module."), "model": tensors(M)})
row("a model and model_ema: chosen", {"model_ema": tensors(E, "module."), "model": tensors(M)}, AVERAGED, stateDict="model_ema")
row("prefixes ema.module. and model.", {**tensors(E, "ema.module."), **tensors(M, "model.")})
row("prefixes student. and teacher.: chosen", {**tensors(M, "student."), **tensors(E, "teacher.")}, AVERAGED, stateDict="teacher")
row("beside a loss and a normalization", {**tensors(M, "model."), "criterion.weight": scalar(1), "normalizer.mean": Tensor(Storage(np.ones(3, np.float32)), (3, 1, 1))})
row("parameters", tensors(M, make=lambda v: (Parameter if v.dtype == np.float32 else Tensor)(Storage(v), v.shape)))
row("strides: channels last", tensors(M, make=channels_last))
row("strides: transposed", tensors(M, make=transposed))
row("one storage for all tensors", in_one_storage(M))
row("float64", tensors(typed(M, lambda v: v.astype(np.float64))))
row("float16", tensors(typed(M, lambda v: v.astype(np.float16))), logits(HALF))
row("bfloat16", tensors(M, make=lambda v: Tensor(Storage(bfloat16(v)[0], "bf16"), v.shape) if v.dtype == np.float32 else Tensor(Storage(v), v.shape)), logits(SHORT))
floats = {n: v for n, v in M.items() if v.dtype == np.float32}
row("safetensors", {n: ("F32", v.shape, v.tobytes()) for n, v in floats.items()}, save=safetensors, suffix="safetensors")
row("safetensors, module._orig_mod.", {f"module._orig_mod.{n}": ("F32", v.shape, v.tobytes()) for n, v in floats.items()}, save=safetensors, suffix="safetensors")
row("safetensors, float16", {n: ("F16", v.shape, v.astype(np.float16).tobytes()) for n, v in floats.items()}, logits(HALF), save=safetensors, suffix="safetensors")
row("safetensors, bfloat16", {n: ("BF16", v.shape, bfloat16(v)[0].tobytes()) for n, v in floats.items()}, logits(SHORT), save=safetensors, suffix="safetensors")
print(json.dumps({"rows": rows, "skipped": []}))
