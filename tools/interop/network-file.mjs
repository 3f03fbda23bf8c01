/** Networks of ours as files that `anc-cli` takes, and what they answer: what exports are compared with. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  EagerBackend,
  mapTree,
  mergeTrees,
  NetworkTeacher,
  prefixTree,
  Rng,
  normalizedNetwork,
  subtree,
} from '@anc/core';
import { decodeSafetensors, encodeSafetensors } from '@anc/formats';
import models from '@anc/models';
import '@tensorflow/tfjs-backend-cpu';

const CLI = fileURLToPath(new URL('../../packages/cli/bin/anc-cli.js', import.meta.url));

/** Runs `anc-cli`, whatever becomes of it. */
export const attemptAncCli = (...args) => spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });

export function ancCli(...args) {
  const run = attemptAncCli(...args);
  if (run.status !== 0) throw new Error(`anc-cli ${args.join(' ')} failed\n${run.stdout}${run.stderr}`);
}

/** What a network answers to bytes [B, H, W, C]. */
async function logitsOf(backend, network, variables, { input, normalization, digest }, images) {
  const teacher = await NetworkTeacher.create({
    backend,
    network: normalizedNetwork(network, normalization),
    variables,
    input,
    digest,
  });
  const shape = [images.length / input.reduce((a, b) => a * b), ...input];
  const { logits } = await teacher.infer({ shape, data: images }, ['logits']);
  return [...logits.data];
}

/** The same of a file of ours, with what the file says of itself, and how many numbers it trains. */
export async function readNetwork(file, backend, images) {
  const { tensors, metadata } = decodeSafetensors(readFileSync(file));
  const [input, classes, normalization] = [metadata.input, metadata.classes, metadata.normalization].map(
    (text) => JSON.parse(text),
  );
  const count = Array.isArray(classes) ? classes.length : classes;
  const { create } = models().models[metadata.model];
  const network = create(JSON.parse(metadata.modelOptions), { input, classes: count });
  const variables = { params: subtree(tensors, 'params'), stats: subtree(tensors, 'stats') };
  const said = { input, normalization, digest: file };
  return {
    metadata,
    parameters: Object.values(variables.params).reduce((sum, { data }) => sum + data.length, 0),
    logits: await logitsOf(backend, network, variables, said, images),
  };
}

/**
 * Writes a network's weights to `file`. Vectors and statistics stand as training leaves them, drawn from `rng`: exports
 * that forget them must not pass. Returns the tensors, the metadata, and `logitsOf` bytes [B, H, W, C].
 */
export function writeNetwork(file, { name, options, input, classes, normalization }, rng) {
  const network = models().models[name].create(options, { input, classes: classes.length });
  const moved = ({ shape, data }, variable) => ({
    shape,
    data: data.map((value) => {
      if (variable.endsWith('variance')) return 0.5 + rng.uniform();
      return shape.length === 1 ? value + 0.2 * rng.normal() : value;
    }),
  });
  const fresh = network.init(Rng.fromSeed(2), input);
  const variables = { params: mapTree(fresh.params, moved), stats: mapTree(fresh.stats, moved) };
  const tensors = mergeTrees(prefixTree('params', variables.params), prefixTree('stats', variables.stats));
  const metadata = {
    model: name,
    modelOptions: JSON.stringify(options),
    input: JSON.stringify(input),
    classes: JSON.stringify(classes),
    normalization: JSON.stringify(normalization),
  };
  writeFileSync(file, encodeSafetensors(tensors, metadata));
  return {
    tensors,
    metadata,
    logitsOf: (images) =>
      logitsOf(new EagerBackend('cpu'), network, variables, { input, normalization, digest: file }, images),
  };
}
