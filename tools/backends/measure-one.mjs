/** Measures one backend in a separate process, and prints one line of JSON: <name> <parts> <seconds> <batch>. */
import { isAncError } from '@anc/core';
import { measure } from './measure.mjs';

const [name, parts, seconds, batch] = process.argv.slice(2);
const family = ['onednn', 'onnx', 'tfjs', 'webgpu'].find((each) => name.startsWith(each));

async function open() {
  const { default: plugin } = await import(`@anc/backend-${family}`);
  const { options, create } = plugin().backends[name];
  return create(options.parse({}));
}

const how = { parts: parts.split(','), seconds: Number(seconds), batch: Number(batch) };
const result = await open()
  .then((backend) => measure(backend, how))
  .catch((error) => ({ name, error: isAncError(error) ? error.describe() : String(error) }));
console.log(JSON.stringify(result));
process.exit(0);
