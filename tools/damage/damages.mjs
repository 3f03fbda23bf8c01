/** What happens to a file. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';

export const damages = {
  /** One bit in the middle half of the file. */
  'a bit flipped': (path, random) => {
    const bytes = readFileSync(path);
    if (bytes.length === 0) return false;
    const at = Math.floor((0.25 + 0.5 * random()) * bytes.length);
    bytes[at] ^= 1 << Math.floor(8 * random());
    writeFileSync(path, bytes);
    return true;
  },
  'cut in half': (path) => {
    const { length } = readFileSync(path);
    truncateSync(path, length >> 1);
    return length > 0;
  },
  emptied: (path) => {
    const { length } = readFileSync(path);
    truncateSync(path, 0);
    return length > 0;
  },
  removed: (path) => {
    rmSync(path);
    return true;
  },
};
