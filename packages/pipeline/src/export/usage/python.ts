import { shownName, type Fixture } from './fixture.js';

/** A program that uses a model in Python, and checks it with its fixture; null of formats that none reads there. */
export function pythonUsage(fixture: Fixture): string | null {
  const runtime = { onnx, keras, tfjs: null, safetensors: null }[fixture.format];
  if (runtime === null) return null;
  const { packages, imports, open, run } = runtime(fixture);
  return `"""Classes of pictures by ${shownName(fixture)}: python usage.py photo.jpg

Without a picture the model is checked with fixture.json.
pip install ${packages} numpy pillow
"""
import base64, json, os, pathlib, sys
try:
    import numpy as np
${indented(imports)}    if len(sys.argv) > 1:
        from PIL import Image, ImageOps
except ImportError as error:
    sys.exit(f"{error}: pip install ${packages} numpy pillow")

here = pathlib.Path(__file__).resolve().parent
fixture = json.loads((here / "fixture.json").read_text(encoding="utf-8"))
height, width, channels = fixture["input"]
${open}

def logits_of(images):  # bytes [n, height, width, channels] in, logits [n, classes] out
${prepared(fixture)}    return ${run}


def stored(name, dtype):
    return np.frombuffer(base64.b64decode(fixture[name]["base64"]), dtype).reshape(fixture[name]["shape"])


if len(sys.argv) == 1:
    worst = float(np.abs(logits_of(stored("images", np.uint8)) - stored("logits", "<f4")).max())
    print(f"{len(stored('images', np.uint8))} images, largest difference of a logit: {worst}")
    sys.exit(0 if worst <= fixture["tolerance"] else 1)
for picture in sys.argv[1:]:
    image = ImageOps.exif_transpose(Image.open(picture)).convert("L" if channels == 1 else "RGB")
    if image.size != (width, height):
        wide, tall = round(width / 0.875), round(height / 0.875)
        left, top = (wide - width) // 2, (tall - height) // 2
        image = ImageOps.fit(image, (wide, tall), Image.BILINEAR).crop((left, top, left + width, top + height))
    best = int(logits_of(np.asarray(image).reshape(1, height, width, channels)).argmax())
    try:
        print(picture, fixture["classes"][best] if fixture["classes"] else best, flush=True)
    except BrokenPipeError:  # as of python usage.py … | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
`;
}

/** Lines inside a block. */
const indented = (lines: string): string => lines.replace(/^(?=.)/gm, '    ');

interface Runtime {
  readonly packages: string;
  readonly imports: string;
  readonly open: string;
  /** Logits of \`pixels\`, an expression. */
  readonly run: string;
}

const onnx = ({ model }: Fixture): Runtime => ({
  packages: 'onnxruntime',
  imports: 'import onnxruntime\n',
  open: `session = onnxruntime.InferenceSession(str(here / ${JSON.stringify(model)}), providers=["CPUExecutionProvider"])`,
  run: 'session.run(["logits"], {"images": pixels})[0]',
});

const keras = ({ model }: Fixture): Runtime => ({
  packages: 'keras jax',
  imports: 'os.environ.setdefault("KERAS_BACKEND", "jax")\nimport keras\n',
  open: `model = keras.models.load_model(str(here / ${JSON.stringify(model)}))`,
  run: 'np.asarray(keras.tree.flatten(model(pixels, training=False))[0])',
});

/** Lines that make \`pixels\` of \`images\`. */
function prepared({ normalization, layout, format }: Fixture): string {
  const last =
    normalization === null
      ? `    pixels = images${format === 'keras' ? '.astype(np.float32)' : ''}\n`
      : normalization === 'per-image'
        ? `    pixels = images.astype(np.float32)  # mean 0 and deviation 1 in each image
    pixels -= pixels.mean((1, 2, 3), keepdims=True)
    pixels /= np.maximum(pixels.std((1, 2, 3), keepdims=True), (height * width * channels) ** -0.5)
`
        : `    mean, std = (np.array(fixture["normalization"][key], np.float32) for key in ("mean", "std"))
    if mean.size > channels:
        mean = mean.reshape(height, width, channels)
    pixels = (images.astype(np.float32) - mean) / std
`;
  const transposed = format === 'onnx' && layout === 'nchw';
  return transposed ? `${last}    pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))\n` : last;
}
