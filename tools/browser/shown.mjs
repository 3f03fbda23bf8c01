/** A block of code out of the documentation, as a module that Vite can build into a page. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../../docs/backends.md', import.meta.url));

/** `virtual:shown` is the block of docs/backends.md that begins with the comment `// <title>`. */
export function shownCode(title) {
  const text = readFileSync(page, 'utf8');
  const [, code] = new RegExp(`^\`\`\`js\\n// ${title}\\n([^]*?)^\`\`\``, 'm').exec(text) ?? [];
  if (code === undefined) throw new Error(`docs/backends.md shows no "${title}"`);
  return {
    name: 'shown-code',
    resolveId: (id) =>
      id === 'virtual:shown' ? fileURLToPath(new URL('page/shown.js', import.meta.url)) : null,
    load: (id) => (id.endsWith('/page/shown.js') ? code : null),
  };
}
