/**
 * Checks the manifest of `sweep --to kubernetes` against the schemas that the Kubernetes API publishes, and runs the command of its
 * container once for every index, as the cluster would: `node tools/scale/kubernetes.mjs`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse } from 'yaml';
import { pythonWith } from '../ci/python.mjs';
import { assertSame, CLI, comparisonOf, NAME, runAlone } from './tiny.mjs';

/** The first version in which every field that is used is stable, and the newest one that the package has. */
const VERSIONS = ['1.33', '1.34'];
const VALIDATE = `
import json, sys
import kubernetes_validate
data = json.load(open(sys.argv[1]))
for version in sys.argv[2:]:
    kubernetes_validate.validate(data, version, strict=True)
wrong = {**data, "spec": {**data["spec"], "completionMode": "Indexd", "backoffLimitPerIndx": 3}}
try:
    kubernetes_validate.validate(wrong, sys.argv[2], strict=True)
except kubernetes_validate.ValidationError:
    print("valid")
`;

const root = mkdtempSync(join(tmpdir(), 'anc-kubernetes-'));
// Also where the stage ends early, as skipped.
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
const place = (name) => {
  mkdirSync(join(root, name));
  return join(root, name);
};
const python = pythonWith(root, ['kubernetes-validate==1.34.1']);

const comparison = comparisonOf(['l2', 'kd'], 2);
const [alone, shared, bin] = [place('alone'), place('shared'), place('bin')];
const reference = runAlone(comparison, alone);
const sweep = ['sweep', 'compare', ...comparison.options, '--to', 'kubernetes', '--tasks', '3'];
execFileSync(
  process.execPath,
  [CLI, ...sweep, '--gpus', '1', '--time-limit', '08:00:00', '--data-volume', 'data'],
  {
    cwd: place('checked'),
  },
);
execFileSync(process.execPath, [CLI, ...sweep], { cwd: shared });
const manifestIn = (name) => parse(readFileSync(join(root, name, 'runs', NAME, 'sweep', 'job.yaml'), 'utf8'));
for (const name of ['checked', 'shared']) {
  const file = join(root, `${name}.json`);
  writeFileSync(file, JSON.stringify(manifestIn(name)));
  if (python(VALIDATE, [file, ...VERSIONS]).trim() !== 'valid')
    throw new Error('the schemas accept anything');
}

const { spec } = manifestIn('shared');
const [container] = spec.template.spec.containers;
const folder = join(shared, 'runs', NAME);
writeFileSync(join(bin, 'anc-cli'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`, { mode: 0o755 });
const [mount] = container.volumeMounts;
const args = container.args.map((text) => text.replaceAll(mount.mountPath, folder));
const runIndex = (index) =>
  new Promise((resolve, reject) => {
    const [program, ...first] = container.command;
    const env = {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      JOB_COMPLETION_INDEX: String(index),
    };
    const child = spawn(program, [...first, ...args], {
      cwd: shared, // documents name folders relative to it
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`index ${index}: ${code}`))));
  });
await reference;
await Promise.all(Array.from({ length: spec.completions }, (_, index) => runIndex(index)));
const files = assertSame(comparison, join(alone, 'runs', NAME), folder);
console.log(
  `manifests valid for Kubernetes ${VERSIONS.join(' and ')}; ${spec.completions} indexes: ${files} files the same as of one process`,
);
