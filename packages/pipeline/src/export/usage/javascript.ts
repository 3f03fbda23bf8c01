import { shownName, type Fixture } from './fixture.js';

/** A program that uses a model in Node, and checks it with its fixture; null of formats that none reads there. */
export function javascriptUsage(fixture: Fixture): string | null {
  const runtime = { onnx, tfjs, keras: null, safetensors: null }[fixture.format];
  if (runtime === null) return null;
  const { packages, imports, open, run } = runtime(fixture);
  return `// Classes of pictures by ${shownName(fixture)}: node usage.mjs photo.jpg
// Without a picture the model is checked with fixture.json.
// npm install ${packages} sharp
import { readFile } from 'node:fs/promises';

/** A package, or what to do where it is not installed. */
const load = async (name) => {
  try {
    return await import(name);
  } catch (error) {
    console.error(\`\${error.message.split('\\n')[0]}\\n\${name} cannot be loaded: npm install ${packages} sharp\`);
    process.exit(2);
  }
};
process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 2)); // as of usage.mjs … | head
${imports}
const at = (name) => new URL(name, import.meta.url);
const fixture = JSON.parse(await readFile(at('fixture.json'), 'utf8'));
const [height, width, channels] = fixture.input;
const size = height * width * channels;
${open}
/** Bytes [n, height, width, channels] in, logits [n, classes] out. */
async function logitsOf(bytes) {
  const n = bytes.length / size;
${prepared(fixture)}  return ${run};
}

const pictures = process.argv.slice(2);
if (pictures.length === 0) {
  const stored = (name) => new Uint8Array(Buffer.from(fixture[name].base64, 'base64'));
  const wanted = new Float32Array(stored('logits').buffer);
  const found = await logitsOf(stored('images'));
  const worst = Math.max(...wanted.map((value, i) => Math.abs(value - found[i])));
  console.log(\`\${fixture.images.shape[0]} images, largest difference of a logit: \${worst}\`);
  process.exitCode = worst <= fixture.tolerance ? 0 : 1;
}
for (const picture of pictures) {
  const { default: sharp } = await load('sharp');
  const colors = channels === 1 ? 'b-w' : 'srgb';
  const image = sharp(await sharp(picture).autoOrient().flatten({ background: 'white' }).png().toBuffer());
  const { width: w, height: h } = await image.metadata();
  const [wide, tall] = w === width && h === height ? [w, h] : [width, height].map((side) => Math.round(side / 0.875));
  const cut = { left: (wide - width) >> 1, top: (tall - height) >> 1, width, height };
  const resized = image.resize(wide, tall, { fit: 'cover', kernel: 'linear' }).extract(cut);
  const logits = await logitsOf(new Uint8Array(await resized.toColourspace(colors).raw().toBuffer()));
  const best = logits.indexOf(Math.max(...logits));
  console.log(picture, fixture.classes[best] ?? best);
}
`;
}

interface Runtime {
  readonly packages: string;
  readonly imports: string;
  readonly open: string;
  /** Logits of \`pixels\`, an expression. */
  readonly run: string;
}

/** A path as the text of an address, in quotes: names may hold what an address or a program has another meaning for. */
const asAddress = (path: string): string => JSON.stringify(path.split('/').map(encodeURIComponent).join('/'));

function onnx({ model, layout, normalization }: Fixture): Runtime {
  const shape = layout === 'nchw' ? '[n, channels, height, width]' : '[n, height, width, channels]';
  const dtype = normalization === null ? 'uint8' : 'float32';
  return {
    packages: 'onnxruntime-node',
    imports: "const ort = await load('onnxruntime-node');\n",
    open: `const session = await ort.InferenceSession.create(await readFile(at(${asAddress(model)})));\n`,
    run: `(await session.run({ images: new ort.Tensor('${dtype}', pixels, ${shape}) })).logits.data`,
  };
}

function tfjs({ model, normalization }: Fixture): Runtime {
  const dtype = normalization === null ? 'int32' : 'float32';
  return {
    packages: '@tensorflow/tfjs-core @tensorflow/tfjs-converter @tensorflow/tfjs-backend-cpu',
    imports: `await load('@tensorflow/tfjs-backend-cpu');
const { loadGraphModel } = await load('@tensorflow/tfjs-converter');
const tf = await load('@tensorflow/tfjs-core');
`,
    // In a browser: await loadGraphModel('<folder>/model.json').
    open: `const json = JSON.parse(await readFile(at(${asAddress(`${model}/model.json`)}), 'utf8'));
const paths = json.weightsManifest.flatMap((group) => group.paths);
const shards = await Promise.all(paths.map((path) => readFile(at(${asAddress(`${model}/`)} + path))));
const specs = json.weightsManifest.flatMap((group) => group.weights);
const weights = new Uint8Array(Buffer.concat(shards)).buffer;
const model = await loadGraphModel(tf.io.fromMemory(tf.io.getModelArtifactsForJSONSync(json, specs, weights)));
`,
    run: `model.execute({ images: tf.tensor4d(pixels, [n, height, width, channels], '${dtype}') }, 'logits').data()`,
  };
}

/** Lines that make \`pixels\` of \`bytes\`. */
function prepared({ normalization, layout, format }: Fixture): string {
  const last =
    normalization === null
      ? format === 'tfjs'
        ? '  const values = Int32Array.from(bytes);\n'
        : '  const values = bytes;\n'
      : normalization === 'per-image'
        ? `  const values = new Float32Array(bytes.length); // mean 0 and deviation 1 in each image
  for (let start = 0; start < bytes.length; start += size) {
    const image = bytes.subarray(start, start + size);
    const mean = image.reduce((sum, value) => sum + value, 0) / size;
    const variance = image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    const std = Math.max(Math.sqrt(variance), 1 / Math.sqrt(size));
    image.forEach((value, i) => (values[start + i] = (value - mean) / std));
  }
`
        : `  const { mean, std } = fixture.normalization;
  const values = Float32Array.from(bytes, (value, i) => (value - mean[i % mean.length]) / std[i % std.length]);
`;
  if (format === 'tfjs' || layout === 'nhwc') return `${last}  const pixels = values;\n`;
  return `${last}  const area = height * width; // [n, height, width, channels] -> [n, channels, height, width]
  const from = (i) => (Math.floor(i / size) * area + (i % area)) * channels + (Math.floor(i / area) % channels);
  const pixels = values.map((_, i) => values[from(i)]);
`;
}
