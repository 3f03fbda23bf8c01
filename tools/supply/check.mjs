/**
 * Checks what ships, from the lockfile and the sources, without the network: licenses of everything that an installation
 * brings, addresses and connections in our sources, settings for publishing.
 *
 *   node tools/supply/check.mjs [--out sbom]    with --out, writes a bill of materials of each package into that folder
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { licenseProblem } from './licenses.mjs';
import { networkProblems } from './network.mjs';
import { billsOfMaterials, publishedPackages } from './sbom.mjs';

const { values: options } = parseArgs({ options: { out: { type: 'string' } } });
const problems = [];

const bills = billsOfMaterials();
const components = new Map();
for (const [name, bill] of Object.entries(bills)) {
  for (const component of bill.components) {
    if (!(component.name in bills)) components.set(component['bom-ref'], component);
  }
  if (options.out === undefined) continue;
  mkdirSync(options.out, { recursive: true });
  const file = `${name.replace('@', '').replace('/', '-')}.cdx.json`;
  writeFileSync(join(options.out, file), `${JSON.stringify(bill, null, 2)}\n`);
}
for (const component of components.values()) problems.push(licenseProblem(component));

const network = networkProblems();
problems.push(...network.problems);

for (const [folder, manifest] of Object.entries(publishedPackages())) {
  if (manifest.publishConfig?.provenance !== true)
    problems.push(`${folder}: publishConfig.provenance is not true`);
  if (manifest.license !== 'MIT') problems.push(`${folder}: license is not MIT`);
}
// An action by a tag runs whatever that tag points to tomorrow.
const workflow = readFileSync(new URL('../../.github/workflows/release.yml', import.meta.url), 'utf8');
for (const [, action] of workflow.matchAll(/uses:\s*(\S+)/g)) {
  if (!/@[0-9a-f]{40}$/.test(action)) problems.push(`release.yml: ${action} is not pinned to a commit`);
}

const found = problems.filter((problem) => problem !== null);
for (const problem of found) console.log(problem);
console.log(
  `${Object.keys(bills).length} packages bring ${components.size} others; ` +
    `downloads come from ${network.hosts.length} hosts; ${found.length} problems`,
);
process.exitCode = found.length === 0 ? 0 : 1;
