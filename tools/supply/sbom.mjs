/** Software bills of materials of the published packages, as `npm sbom` writes them (CycloneDX), from the lockfile alone. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url);
const json = (path) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));

/** Manifests of the packages that are published, by folder. */
export function publishedPackages() {
  const folders = Object.keys(json('package-lock.json').packages).filter((path) =>
    /^packages\/[^/]+$/.test(path),
  );
  const manifests = folders.map((folder) => [folder, json(`${folder}/package.json`)]);
  return Object.fromEntries(manifests.filter(([, manifest]) => manifest.private !== true));
}

/**
 * Bills by package name: every package that an installation of it can bring, those of other platforms and optional ones
 * included. The same lockfile gives the same text.
 *
 * They are made in a copy of the manifests and the lockfile without development dependencies: `npm sbom --omit=dev` would
 * leave out everything that any workspace also needs for development.
 */
export function billsOfMaterials() {
  const packages = publishedPackages();
  const folder = mkdtempSync(join(tmpdir(), 'anc-sbom-'));
  try {
    const lock = json('package-lock.json');
    for (const [path, entry] of Object.entries(lock.packages)) {
      if (!path.includes('node_modules/')) delete entry.devDependencies;
    }
    const { name, version, license, workspaces } = lock.packages[''];
    lock.packages[''] = { name, version, license, workspaces };
    const write = (path, value) => writeFileSync(join(folder, path), JSON.stringify(value));
    write('package-lock.json', lock);
    write('package.json', { ...lock.packages[''], private: true });
    for (const [path, manifest] of Object.entries(packages)) {
      mkdirSync(join(folder, path), { recursive: true });
      write(join(path, 'package.json'), { ...manifest, devDependencies: undefined });
    }
    const all = Object.values(packages);
    return Object.fromEntries(all.map((manifest) => [manifest.name, billOf(manifest, all, folder)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function billOf(manifest, own, cwd) {
  const args = [
    'sbom',
    '--sbom-format=cyclonedx',
    '--package-lock-only',
    '--offline',
    '--workspace',
    manifest.name,
  ];
  const options = { cwd, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'] };
  const bill = JSON.parse(execFileSync('npm', args, options));
  // What differs from one call to the next.
  delete bill.serialNumber;
  delete bill.metadata.timestamp;
  // npm names workspaces by their folders, and describes the copy instead of the package.
  const components = bill.components.map((component) => {
    const found = own.find(({ name }) => component.purl.startsWith(purlOf({ name, version: '' })));
    return found === undefined ? component : { ...component, name: found.name };
  });
  const itself = components.find(({ name }) => name === manifest.name);
  bill.metadata.component = { ...itself, scope: undefined };
  bill.components = components.filter((component) => component !== itself);
  bill.dependencies = bill.dependencies.filter(({ ref }) => components.some((one) => one['bom-ref'] === ref));
  return bill;
}

/** A package's address, see https://github.com/package-url/purl-spec. */
const purlOf = ({ name, version }) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
