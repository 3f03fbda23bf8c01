/** The programs that `anc-cli export` writes beside a file, run by Python. */
import { join } from 'node:path';

const RUN = `
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as ended:
    if ended.code: raise
`;

/**
 * Checks an exported file with its fixture.
 * @param python runs Python source with arguments
 * @param {string} file the exported file
 * @returns what the program printed
 */
export function checkUsage(python, file) {
  const printed = python(RUN, [join(`${file}-usage`, 'usage.py')]);
  if (!/^8 images, largest difference of a logit: /m.test(printed)) throw new Error(`${file}: ${printed}`);
  return printed;
}

/** The class of a picture, as the program prints it. */
export const classOf = (python, file, picture) =>
  python(RUN, [join(`${file}-usage`, 'usage.py'), picture])
    .trim()
    .split(' ')
    .at(-1);
