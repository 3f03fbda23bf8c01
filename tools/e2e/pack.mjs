import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Packs every public workspace into `folder`, as `npm publish` would.
 * @param {string} folder an existing folder
 * @returns {{ name: string, version: string, tarball: string, files: string[] }[]}
 */
export function packWorkspaces(folder) {
  const output = execFileSync(
    'npm',
    ['pack', '--workspaces', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', folder],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const report = JSON.parse(output);
  // npm 10 lists the packages, later ones key them by name.
  const packed = Array.isArray(report) ? report : Object.values(report);
  return packed.map(({ name, version, filename, files }) => ({
    name,
    version,
    tarball: join(folder, filename),
    files: files.map((file) => file.path),
  }));
}
