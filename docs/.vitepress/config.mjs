import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { repository, root } from '../../tools/docs/entry-points.mjs';

const docs = fileURLToPath(new URL('..', import.meta.url));

const GUIDES = [
  ['Start in five minutes', '/start'],
  ['Your own teacher', '/teacher'],
  ['Your own images', '/images'],
  ['Using a student', '/use'],
  ['Which backend', '/backends'],
  ['The objective, equation by equation', '/objective'],
  ['Reading a report', '/report'],
  ['Reproducing the paper', '/reproduce'],
  ['Scaling out', '/scale'],
  ['Troubleshooting by error code', '/errors'],
];
const EXTEND = [
  ['The library', '/library'],
  ['Plugins', '/plugins'],
  ['Plugins in TypeScript', '/plugins-typescript'],
];
const REFERENCE = [
  ['Datasets', '/datasets'],
  ['Checking a teacher', '/check'],
  ['Networks and weights', '/models'],
  ['Methods', '/methods'],
  ['Results', '/results'],
  ['Speed', '/speed'],
  ['Versions and package managers', '/versions'],
  ['Reliability', '/reliability'],
  ['Testing', '/testing'],
  ['Decisions', '/adr/'],
];
const links = (entries) => entries.map(([text, link]) => ({ text, link }));

/** The pages that tools/docs writes from the sources. */
const modules = existsSync(`${docs}api/modules.json`)
  ? JSON.parse(readFileSync(`${docs}api/modules.json`, 'utf8'))
  : [];

export default defineConfig({
  title: 'ANC',
  description: 'Adversarial network compression: a small network that behaves like the big one',
  srcExclude: ['node_modules/**'],
  rewrites: { 'adr/README.md': 'adr/index.md' },
  cleanUrls: false,
  lastUpdated: false,
  vite: { build: { chunkSizeWarningLimit: 4096 } },
  markdown: { config: linkSources, attrs: { disable: true } },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/start' },
      { text: 'Plugins', link: '/plugins' },
      { text: 'API', link: '/api/' },
      { text: 'Errors', link: '/errors' },
    ],
    sidebar: [
      { text: 'Guide', items: links(GUIDES) },
      { text: 'Extend', items: links(EXTEND) },
      { text: 'Reference', items: links(REFERENCE) },
      { text: 'API', collapsed: true, items: [{ text: 'All packages', link: '/api/' }, ...modules] },
    ],
    outline: [2, 3],
    search: { provider: 'local' },
    docFooter: { prev: 'Previous', next: 'Next' },
    socialLinks: [{ icon: 'github', link: repository }],
  },
});

/**
 * Pages are read in the repository too, so they link to its files by relative path. Those outside of docs/ become links to
 * the repository's address; a path to nothing fails the build.
 */
function linkSources(markdown) {
  const isOutside = (href, path) =>
    !/^([a-z]+:|#|\/)/.test(href) && !`${resolve(dirname(path), href)}/`.startsWith(docs);
  markdown.core.ruler.push('source-links', ({ tokens, env }) => {
    for (const { children } of tokens)
      for (const token of children ?? []) {
        if (token.type !== 'link_open') continue;
        const [path, hash] = (token.attrGet('href') ?? '').split('#');
        if (env.path === undefined || path === '' || !isOutside(path, env.path)) continue;
        const target = resolve(dirname(env.path), path);
        if (!existsSync(target)) throw new Error(`${env.path}: links to ${path}, which there is not`);
        const address = `${repository}/blob/main/${target.slice(root.length)}${hash === undefined ? '' : `#${hash}`}`;
        token.attrSet('href', address);
      }
  });
}
