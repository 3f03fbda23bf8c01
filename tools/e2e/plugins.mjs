import { readFileSync } from 'node:fs';

/** The blocks of docs/plugins.md that name their file in a first comment. */
function shownFiles() {
  const text = readFileSync('docs/plugins.md', 'utf8');
  const blocks = [...text.matchAll(/^```js(?:on)?\n\/\/ (\S+)\n([^]*?)^```/gm)];
  return Object.fromEntries(blocks.map(([, name, code]) => [name, code]));
}

/** A third party's package, as docs/plugins.md shows it. */
export function leakyPlugin() {
  const { 'package.json': manifest, 'leaky-discriminator.mjs': code } = shownFiles();
  return { 'package.json': manifest, 'leaky-discriminator.mjs': code };
}

/** The same package under another name, which brings its own copy of core in one version. */
export function nestedPlugin(version) {
  const { 'package.json': text, 'leaky-discriminator.mjs': code } = leakyPlugin();
  const manifest = JSON.parse(text);
  const peerDependencies = { ...manifest.peerDependencies };
  delete peerDependencies['@anc/core'];
  const dependencies = { ...manifest.dependencies, '@anc/core': version };
  return {
    'package.json': JSON.stringify({
      ...manifest,
      name: 'anc-plugin-nested',
      peerDependencies,
      dependencies,
    }),
    'leaky-discriminator.mjs': code
      .replace('anc-plugin-leaky', 'anc-plugin-nested')
      .replace(' leaky: {', ' nested: {'),
  };
}

/** A package that imports a name which no release of core exports. */
export const futurePlugin = () => ({
  'package.json': JSON.stringify({
    ...JSON.parse(leakyPlugin()['package.json']),
    name: 'anc-plugin-future',
    exports: './future.mjs',
    files: ['future.mjs'],
  }),
  'future.mjs': "import { ofTomorrow } from '@anc/core';\nexport default ofTomorrow;\n",
});
