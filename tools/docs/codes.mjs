/**
 * Collects the error codes that the sources can throw, and fails where docs/errors.md has no paragraph for one of them, or has one
 * for a code that is gone. `--list` prints the codes with the messages of each.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './entry-points.mjs';

const PAGE = 'docs/errors.md';
/** A paragraph that only repeats the code helps nobody. */
const SHORTEST = 80;

function sourcesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourcesIn(path);
    return /\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** `process.env['ANC_CACHE_DIR']` and `process.env.ANC_CACHE_DIR` name variables, not errors. */
const isVariable = ({ parent }) =>
  ts.isElementAccessExpression(parent) && /\benv$/.test(parent.expression.getText());

/** The first template or string in an expression: a message, with … for what the program fills in. */
function messageOf(node) {
  if (node === undefined) return null;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  return ts.forEachChild(node, (child) => messageOf(child) ?? undefined) ?? null;
}

/** @returns {Map<string, Set<string>>} the messages of each code; of codes that are passed on, none */
function codesInSources() {
  const codes = new Map();
  const files = readdirSync(`${root}packages`).flatMap((name) => sourcesIn(`${root}packages/${name}/src`));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    if (!text.includes('ANC_')) continue;
    const visit = (node) => {
      if (ts.isStringLiteralLike(node) && /^ANC_[A-Z0-9_]+$/.test(node.text) && !isVariable(node)) {
        const messages = codes.get(node.text) ?? new Set();
        codes.set(node.text, messages);
        if (ts.isNewExpression(node.parent) && node.parent.arguments[0] === node) {
          const message = messageOf(node.parent.arguments[1]);
          if (message !== null) messages.add(message);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return codes;
}

/** @returns {Map<string, string>} the text under each heading that is a code */
function paragraphs() {
  const sections = readFileSync(root + PAGE, 'utf8').split(/^#+ /m);
  return new Map(
    sections
      .map((section) => section.split('\n'))
      .map(([head, ...body]) => [head.trim(), body.join('\n').trim()]),
  );
}

const codes = codesInSources();
if (process.argv.includes('--list')) {
  for (const [code, messages] of [...codes].sort())
    console.log([code, ...[...messages].map((message) => `  ${message}`)].join('\n'));
} else {
  const documented = paragraphs();
  const missing = [...codes.keys()].filter((code) => (documented.get(code) ?? '').length < SHORTEST).sort();
  const gone = [...documented.keys()].filter((head) => /^ANC_/.test(head) && !codes.has(head));
  for (const code of missing) console.log(`${PAGE}: no paragraph "### ${code}"`);
  for (const code of gone) console.log(`${PAGE}: no source throws ${code}`);
  console.log(`error codes: ${codes.size}, ${missing.length} without a paragraph, ${gone.length} gone`);
  process.exitCode = missing.length + gone.length === 0 ? 0 : 1;
}
