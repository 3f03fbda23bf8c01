/** The code blocks of the documents, and those that something else of this repository executes. */
import { readdirSync, readFileSync } from 'node:fs';
import { root } from './entry-points.mjs';

/** Languages whose blocks somebody copies and runs. Output is written as `text`. */
const CODE = ['js', 'ts', 'sh', 'yaml', 'json'];

/** Tests that execute the blocks of a page whose first line is a comment with a file's name; `page.js`: tools/browser. */
const NAMED = {
  'docs/plugins.md': 'packages/cli/test/plugin-docs.test.ts',
  'docs/backends.md': 'packages/cli/test/backend-docs.test.ts',
};

/** Tests that execute the blocks of a page that contain a text of the test: `executeBlock("…")` or a pattern. */
const CONTAINING = {
  'docs/library.md': {
    test: 'packages/pipeline/test/library-docs.test.ts',
    call: /executeBlock\((["'])(.*?)\1\)/g,
  },
};
const FIRST_LINE = {
  'docs/datasets.md': { test: 'packages/datasets/test/docs.test.ts', line: '// anc-dataset' },
};

/**
 * @typedef {{ page: string, line: number, language: string, code: string, reason: string | null, executedBy: string | null }} Block
 * `reason`: why it is not checked, of a comment `<!-- not run: … -->` above it.
 * @returns {Block[]}
 */
export function codeBlocks() {
  const pages = readdirSync(`${root}docs`).filter((name) => name.endsWith('.md'));
  return ['README.md', ...pages.map((name) => `docs/${name}`)].flatMap(blocksOf);
}

function blocksOf(page) {
  const text = readFileSync(root + page, 'utf8');
  const pattern = /(?:^<!-- not run: (.+?) -->\n+)?^( *)```(\w*)\n([^]*?)^ *```$/gm;
  return [...text.matchAll(pattern)].map((match) => {
    const [whole, reason = null, indent, language, body] = match;
    const code = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const line = text.slice(0, match.index + whole.indexOf('```')).split('\n').length;
    return { page, line, language, code, reason, executedBy: executor(page, language, code) };
  });
}

function executor(page, language, code) {
  if (language !== 'js' && language !== 'json') return null;
  const isNamed = /^\/\/ \S+\.\w+\n/.test(code);
  if (isNamed && NAMED[page] !== undefined) return NAMED[page];
  const { test, call } = CONTAINING[page] ?? {};
  if (test !== undefined) {
    const texts = [...readFileSync(root + test, 'utf8').matchAll(call)].map(([, , text]) => text);
    if (texts.some((text) => code.includes(text))) return test;
  }
  const { test: of, line } = FIRST_LINE[page] ?? {};
  return of !== undefined && code.startsWith(line) ? of : null;
}

/** Whether a block is code that has to be checked. Blocks without a language are a mistake. */
export const isCode = ({ language }) => language === '' || CODE.includes(language);
