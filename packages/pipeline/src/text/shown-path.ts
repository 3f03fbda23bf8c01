import { isAbsolute, relative } from 'node:path';

/** A path as people would write it from `cwd`: what is not below it stays whole. */
export function shownPath(path: string, cwd: string): string {
  const near = relative(cwd, path);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}
