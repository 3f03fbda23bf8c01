import { expect, it } from 'vitest';
import type { Fixture } from './fixture.js';
import { javascriptUsage } from './javascript.js';
import { pythonUsage } from './python.js';

it.each(["it's #1, 100% ?.onnx", 'a\nb`${".onnx', 'a"""b\\.onnx'])(
  'programs read a file named %j',
  (name) => {
    const none = { shape: [0, 8, 8, 3], base64: '' };
    const fixture: Fixture = {
      ...{ model: `../${name}`, format: 'onnx', sha256: '', input: [8, 8, 3], layout: 'nhwc' },
      ...{ normalization: null, classes: [], tolerance: 0 },
      images: { ...none, dtype: 'uint8' },
      logits: { ...none, dtype: 'float32' },
    };
    const scripts = [javascriptUsage(fixture)!, javascriptUsage({ ...fixture, format: 'tfjs' })!];
    const paths = [...scripts.join('').matchAll(/readFile\(at\((".*?")(?: \+ path)?\)/g)].map(([, text]) =>
      decodeURIComponent(new URL(JSON.parse(text!) as string, 'file:///models/usage/usage.mjs').pathname),
    );
    expect(paths).toEqual([`/models/${name}`, `/models/${name}/model.json`, `/models/${name}/`]);
    for (const script of scripts) expect(script.split('\n')[1]).toMatch(/^\/\/ Without/); // the name is in one comment
    const [first = '', second] = pythonUsage(fixture)!.split('\n');
    expect([first.lastIndexOf('"'), first.includes('\\'), second]).toEqual([2, false, '']);
  },
);
