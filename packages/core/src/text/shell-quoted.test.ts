import { expect, it } from 'vitest';
import { shellQuoted } from './shell-quoted.js';

it.each([
  ['runs/glyphs-1', 'runs/glyphs-1'],
  ['/tmp/a b', "'/tmp/a b'"],
  ['$(touch x);`y`', "'$(touch x);`y`'"],
  ["it's", `'it'\\''s'`],
  ['-rf', "'-rf'"],
  ['', "''"],
  ["a\u001b[31m\n'\\", `$'a\\u001b[31m\\u000a\\'\\\\'`],
])('writes %j as one word', (text, quoted) => {
  expect(shellQuoted(text)).toBe(quoted);
});
