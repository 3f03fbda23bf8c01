import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { shownPath } from './shown-path.js';

it('shows what is below the working directory from there, everything else whole', () => {
  const cwd = resolve('work');
  expect(shownPath(join(cwd, 'runs', 'a'), cwd)).toBe(join('runs', 'a'));
  for (const path of [cwd, resolve('work', '..'), resolve('workshop', 'a')]) {
    expect(shownPath(path, cwd)).toBe(path);
  }
});
