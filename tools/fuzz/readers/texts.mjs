/** Readers of configuration files and of names with options. */
import { AncError } from '@anc/core';
import { readNamed, readYaml } from '@anc/pipeline/options';
import { text, textOf } from '../pieces.mjs';

const calls = text('mlp(units=[64, 32], d=resnet20(width=2), l=[{in: x, d: mlp(units=[8])}])');
const yaml = text(
  'dataset: glyphs\nbase: &b {epochs: 3}\nteacher: *b\nstudent: [cnn, "mlp(units=[8])"]\nseed: 1\n',
);

/** Some readers return what is wrong with a text. */
function refusedBy(read) {
  if ('problem' in read) throw new AncError('ANC_CONFIG', read.problem);
  return read;
}

/** @type {import('../targets.mjs').Target[]} */
export const texts = [
  { name: 'YAML', file: yaml, read: (b) => refusedBy(readYaml(textOf(b))) },
  { name: 'name with options', file: calls, read: (b) => refusedBy(readNamed(textOf(b))) },
];
