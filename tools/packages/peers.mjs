import { publishedPackages } from '../supply/sbom.mjs';
import { readJson } from './repository.mjs';

const own = Object.values(publishedPackages());
const { packages } = readJson('package-lock.json');

/**
 * Peers of what a package depends on that it neither depends on nor has as peers itself, so that strict package managers
 * (Yarn's Plug'n'Play, pnpm) would not give them to its dependency. Optional peers of our packages count: a user's own installation of
 * one reaches the package that needs it only through all packages between.
 *
 * @returns {string[]} problems
 */
export function undeclaredPeers(manifest) {
  const declared = {
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  };
  const dependencies = { ...manifest.dependencies, ...manifest.optionalDependencies };
  return Object.keys(dependencies).flatMap((name) => {
    const ours = own.find((one) => one.name === name);
    const { peerDependencies = {}, peerDependenciesMeta = {} } =
      ours ?? packages[`node_modules/${name}`] ?? {};
    return Object.keys(peerDependencies)
      .filter((peer) => !(peer in declared))
      .filter((peer) => ours !== undefined || peerDependenciesMeta[peer]?.optional !== true)
      .map((peer) => `${manifest.name}: ${name} has the peer ${peer}, which is not declared`);
  });
}
