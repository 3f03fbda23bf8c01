"""Files of Keras 2, Keras 3 and TensorFlow.js, written with h5py in the formats of these programs: two convolutions with
batch norm and two dense layers. ONNX Runtime computes their logits from channels-last kernels."""
import json, os, sys, zipfile
import h5py, numpy as np, onnxruntime
from onnx import TensorProto as T, helper, numpy_helper

folder = sys.argv[1]
COUNT, SIDE = 4, 8
PIXELS = (np.arange(COUNT * SIDE * SIDE * 3, dtype=np.uint32) * 7919 % 256).reshape(COUNT, SIDE, SIDE, 3)
IMAGES = PIXELS.astype(np.float32) / np.float32(255)
MODEL = {"name": "cnn", "options": {"widths": [3, 4], "batchNorm": True, "features": 5}}
EPSILON = 0.001  # Keras's default
rng = np.random.default_rng(3)
VARIABLES = {"Conv2D": ["kernel"], "BatchNormalization": ["gamma", "beta", "moving_mean", "moving_variance"], "Dense": ["kernel", "bias"]}
SHAPES = {"a/kernel": (3, 3, 3, 3), "b/kernel": (3, 3, 3, 4), "hidden/kernel": (16, 5), "hidden/bias": (5,), "scores/kernel": (5, 6), "scores/bias": (6,)}
WEIGHTS = {name: (0.5 * rng.standard_normal(shape)).astype(np.float32) for name, shape in SHAPES.items()}
for layer, width in (("an", 3), ("a-much-longer-name", 4)):
    WEIGHTS |= {f"{layer}/{leaf}": (0.5 + rng.random(width)).astype(np.float32) for leaf in VARIABLES["BatchNormalization"]}


def layers(epsilon):
    """Class, name and arguments of each layer."""
    conv = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "use_bias": False}
    pool = {"pool_size": [2, 2], "strides": [2, 2]}
    return [("Conv2D", "a", {"filters": 3, **conv}), ("BatchNormalization", "an", {"epsilon": epsilon}), ("ReLU", "relu", {}), ("MaxPooling2D", "p", pool),
            ("Conv2D", "b", {"filters": 4, **conv}), ("BatchNormalization", "a-much-longer-name", {"epsilon": EPSILON}), ("ReLU", "relu_1", {}), ("MaxPooling2D", "q", pool),
            ("Flatten", "flatten", {}), ("Dense", "hidden", {"units": 5, "activation": "relu"}), ("Dense", "scores", {"units": 6})]


def logits(weights=WEIGHTS, epsilon=EPSILON):
    nodes, constants = [], {"axes": np.array([COUNT, -1], np.int64)}

    def add(op, *inputs, **attributes):
        nodes.append(helper.make_node(op, inputs, [f"v{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    def weight(name, axes=None):
        constants[name] = np.ascontiguousarray(weights[name].transpose(axes) if axes else weights[name])
        return name

    x = add("Transpose", "images", perm=[0, 3, 1, 2])
    for kernel, norm, eps in (("a", "an", epsilon), ("b", "a-much-longer-name", EPSILON)):
        x = add("Conv", x, weight(f"{kernel}/kernel", (3, 2, 0, 1)), pads=[1] * 4)
        x = add("BatchNormalization", x, *[weight(f"{norm}/{leaf}") for leaf in VARIABLES["BatchNormalization"]], epsilon=eps)
        x = add("MaxPool", add("Relu", x), kernel_shape=[2, 2], strides=[2, 2])
    x = add("Reshape", add("Transpose", x, perm=[0, 2, 3, 1]), "axes")
    x = add("Relu", add("Gemm", x, weight("hidden/kernel"), weight("hidden/bias")))
    out = add("Gemm", x, weight("scores/kernel"), weight("scores/bias"))
    graph = helper.make_graph(nodes, "cnn", [helper.make_tensor_value_info("images", T.FLOAT, IMAGES.shape)],
                              [helper.make_tensor_value_info(out, T.FLOAT, [COUNT, 6])], [numpy_helper.from_array(v, n) for n, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"images": IMAGES})[0].astype(np.float64).ravel().tolist()


def keras3(epsilon):
    """A functional configuration of Keras 3."""
    entries, before = [{"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, SIDE, SIDE, 3], "name": "image"}, "name": "image", "inbound_nodes": []}], "image"
    for kind, name, config in layers(epsilon):
        tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None], "dtype": "float32", "keras_history": [before, 0, 0]}}
        entries.append({"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}, "name": name, "inbound_nodes": [{"args": [tensor], "kwargs": {}}]})
        before = name
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": {"name": "cnn", "layers": entries, "input_layers": ["image", 0, 0], "output_layers": [before, 0, 0]}}


def keras2(epsilon):
    """A functional configuration of Keras 2."""
    entries, before = [{"class_name": "InputLayer", "config": {"batch_input_shape": [None, SIDE, SIDE, 3], "dtype": "float32", "name": "image"}, "name": "image", "inbound_nodes": []}], "image"
    for kind, name, config in layers(epsilon):
        entries.append({"class_name": kind, "config": {"name": name, **config}, "name": name, "inbound_nodes": [[[before, 0, 0, {}]]]})
        before = name
    return {"class_name": "Functional", "config": {"name": "cnn", "layers": entries, "input_layers": [["image", 0, 0]], "output_layers": [[before, 0, 0]]}}


def sequential(epsilon, bare=False):
    """A sequential configuration of Keras 2; before Keras 2.2 it is the list of the layers alone."""
    first, *rest = [{"class_name": kind, "config": {"name": name, **config}} for kind, name, config in layers(epsilon)]
    first["config"]["batch_input_shape"] = [None, SIDE, SIDE, 3]
    return {"class_name": "Sequential", "config": [first, *rest] if bare else {"name": "sequential", "layers": [first, *rest]}}


def numbered(file, place="layers"):
    """Keras 3: variables by number, in groups by class."""
    counts = {}
    for kind, name, _ in layers(EPSILON):
        stored = {"Conv2D": "conv2d", "BatchNormalization": "batch_normalization", "MaxPooling2D": "max_pooling2d", "ReLU": "re_lu"}.get(kind, kind.lower())
        count = counts[stored] = counts.get(stored, -1) + 1
        variables = file.create_group(f"{place}/{stored}{f'_{count}' if count else ''}/vars")
        variables.attrs["name"] = name
        for i, leaf in enumerate(VARIABLES.get(kind, [])):
            variables[str(i)] = WEIGHTS[f"{name}/{leaf}"]


def named(file, names="layer_names", each="weight_names", parts=1):
    """Keras 2: variables by name, in groups by layer, whose lists of names have strings of one length."""
    def attributes(group, key, values):
        pieces = np.array_split(np.array([v.encode() for v in values]), parts) if values else [np.array([])]
        for i, piece in enumerate(pieces):
            group.attrs[key if parts == 1 else f"{key}{i}"] = piece
    attributes(file, names, ["image", *[name for _, name, _ in layers(EPSILON)]])
    file.create_group("image").attrs[each] = np.array([])
    for kind, name, _ in layers(EPSILON):
        group = file.create_group(name)
        variables = [f"{name}/{leaf}:0" for leaf in VARIABLES.get(kind, [])]
        group.attrs[each] = np.array([v.encode() for v in variables])
        for variable in variables:
            group[variable] = WEIGHTS[variable[:-2]]


rows = []


def row(what, suffix, write, wanted):
    path = f"{folder}/{len(rows)}.{suffix}"
    write(path)
    rows.append({"what": what, "file": path, "limit": 1e-5, "preprocessing": "unit", "model": MODEL, "input": [SIDE, SIDE, 3], "logits": wanted})


def archive(path):
    with h5py.File(f"{path}.h5", "w") as file:
        numbered(file)
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("metadata.json", json.dumps({"keras_version": "3.12.0"}))
        out.writestr("config.json", json.dumps(keras3(0.01)))
        out.write(f"{path}.h5", "model.weights.h5")


def whole(config, **said):
    def write(path):
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"] = "2.15.0"
            file.attrs["model_config"] = json.dumps(config)
            named(file.create_group("model_weights"), **said)
            file.create_group("optimizer_weights")["iteration:0"] = np.float32([1])
    return write


def only(fill):
    def write(path):
        with h5py.File(path, "w") as file:
            fill(file)
    return write


def plain(file):
    for name, value in WEIGHTS.items():
        file[f"cnn/{name}"] = value


def attributes(file):
    """Keras 3, of a model that is a class: layers under the names of its attributes."""
    for kind, name, _ in layers(EPSILON):
        for i, leaf in enumerate(VARIABLES.get(kind, [])):
            file[f"{name}/vars/{i}"] = WEIGHTS[f"{name}/{leaf}"]


EXACT, DEFAULT = logits(epsilon=0.01), logits()
row(".keras of Keras 3", "keras", archive, EXACT)
row(".h5 of Keras 3", "h5", whole(keras3(0.01)), EXACT)
row(".weights.h5 of Keras 3", "weights.h5", only(numbered), DEFAULT)
row(".weights.h5 of Keras 3, a class", "weights.h5", only(attributes), DEFAULT)
row(".h5 of Keras 2, functional", "h5", whole(keras2(0.01)), EXACT)
row(".h5 of Keras 2, sequential", "h5", whole(sequential(0.01)), EXACT)
row(".h5 of Keras 2.0, a list of layers", "h5", whole(sequential(0.01, bare=True)), EXACT)
row(".h5 of Keras 2, lists of names in parts", "h5", whole(keras2(0.01), parts=3), EXACT)
row(".h5 of Keras 2, weights alone", "h5", only(named), DEFAULT)
row(".h5 that lists no layers", "h5", only(plain), DEFAULT)


def quantized(value, kind):
    """The stored bytes of a weight, what the manifest says of them, and the numbers that they stand for."""
    if kind is None:
        return value.tobytes(), {}, value
    if kind == "float16":
        half = value.astype(np.float16)
        return half.tobytes(), {"quantization": {"dtype": kind, "original_dtype": "float32"}}, half.astype(np.float32)
    low, steps = float(value.min()), 255 if kind == "uint8" else 65535
    scale = (float(value.max()) - low) / steps or 1.0
    codes = np.round((value - low) / scale).astype(kind)
    return codes.tobytes(), {"quantization": {"dtype": kind, "min": low, "scale": scale, "original_dtype": "float32"}}, (codes * scale + low).astype(np.float32)


def tfjs(kind):
    """A LayersModel whose weights are distributed over files of 150 bytes."""
    place = f"{folder}/tfjs-{kind}"
    os.makedirs(place)
    stored = {name: quantized(value, kind) for name, value in WEIGHTS.items()}
    data = b"".join(content for content, _, _ in stored.values())
    paths = []
    for at in range(0, len(data), 150):
        paths.append(f"group1-shard{at // 150 + 1}.bin")
        with open(f"{place}/{paths[-1]}", "wb") as out:
            out.write(data[at:at + 150])
    manifest = [{"paths": paths, "weights": [{"name": n, "shape": list(WEIGHTS[n].shape), "dtype": "float32", **said} for n, (_, said, _) in stored.items()]}]
    with open(f"{place}/model.json", "w") as out:
        json.dump({"format": "layers-model", "modelTopology": {"keras_version": "2.15.0", "model_config": sequential(0.01)}, "weightsManifest": manifest}, out)
    wanted = logits({name: value for name, (_, _, value) in stored.items()}, 0.01)
    rows.append({"what": f"model.json, {kind or 'float32'}", "file": f"{place}/model.json", "limit": 1e-5, "preprocessing": "unit", "model": MODEL, "input": [SIDE, SIDE, 3], "logits": wanted})


for kind in (None, "float16", "uint8", "uint16"):
    tfjs(kind)
print(json.dumps({"rows": rows, "skipped": []}))
