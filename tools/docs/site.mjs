/**
 * Builds the site from docs/, with the API pages that api.mjs has written, and checks what was built: dead links fail VitePress's
 * build; a page that loads something from another host fails here. External links are listed, not fetched (`--links`).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './entry-points.mjs';

const BUILT = `${root}docs/.vitepress/dist`;
/** What a browser loads without being asked: scripts, styles, fonts, pictures, frames. */
const LOADED =
  /<(?:script|img|iframe|source|video|audio|embed)[^>]*\ssrc="(https?:)?\/\/[^"]*"|<link[^>]*\shref="(https?:)?\/\/[^"]*"|url\(["']?(https?:)?\/\/[^)]*\)|@import\s+["'](https?:)?\/\/[^"']*/g;

const { status } = spawnSync('npx', ['vitepress', 'build'], { cwd: `${root}docs`, stdio: 'inherit' });
if (status !== 0) process.exit(1);

const files = readdirSync(BUILT, { recursive: true }).filter((path) => /\.(html|css)$/.test(path));
let failures = 0;
const external = new Map();
for (const path of files) {
  const text = readFileSync(join(BUILT, path), 'utf8');
  for (const [found] of text.matchAll(LOADED)) {
    failures += 1;
    console.log(`${path}: loads ${found.slice(0, 200)}`);
  }
  for (const [, address] of text.matchAll(/<a [^>]*href="(https?:\/\/[^"]+)"/g))
    external.set(address, [...(external.get(address) ?? []), path]);
}
if (process.argv.includes('--links'))
  for (const [address, pages] of [...external].sort())
    console.log(`${address} (${[...new Set(pages)].join(', ')})`);
const pages = files.filter((path) => path.endsWith('.html')).length;
console.log(
  `site: ${pages} pages, ${external.size} external links, ${failures} things loaded from other hosts`,
);
process.exitCode = failures === 0 ? 0 : 1;
