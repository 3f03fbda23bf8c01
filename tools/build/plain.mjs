/** The JavaScript of a package where no bundler is installed: a file for each source, in `dist/plain`. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { entriesOf, PACKAGES } from './entries.mjs';

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

/** Files of an earlier build. */
async function removeBuilt(out) {
  await rm(join(out, 'plain'), { recursive: true, force: true });
  const files = await readdir(out).catch(() => []);
  await Promise.all(files.filter((file) => /\.js(\.map)?$/.test(file)).map((file) => rm(join(out, file))));
}

/**
 * Writes `dist/plain/**` and, in the place of each bundle, a file that exports from there.
 *
 * @param name of the package's folder
 */
export async function writePlain(name) {
  const folder = join(PACKAGES, name);
  const [source, out] = [join(folder, 'src'), join(folder, 'dist')];
  await removeBuilt(out);
  const files = await readdir(source, { recursive: true });
  for (const file of files.filter((path) => /(?<!\.test|\.d)\.ts$/.test(path))) {
    const code = await readFile(join(source, file), 'utf8');
    const path = join(out, 'plain', file.replace(/ts$/, 'js'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, ts.transpileModule(code, { compilerOptions, fileName: file }).outputText);
  }
  for (const [built, from] of Object.entries(await entriesOf(name))) {
    const code = await readFile(join(folder, from), 'utf8');
    const plain = JSON.stringify(from.replace('./src/', './plain/').replace(/ts$/, 'js'));
    const ofDefault = /^export default|\bas default\b|\{ default\b/m.test(code)
      ? `export { default } from ${plain};\n`
      : '';
    await writeFile(join(out, `${built}.js`), `export * from ${plain};\n${ofDefault}`);
  }
}
