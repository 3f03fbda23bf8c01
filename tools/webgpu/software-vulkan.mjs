/**
 * Software Vulkan for machines without a GPU: SwiftShader out of Debian's chromium packages, unpacked into a
 * folder. Nothing is installed into the system. For correctness, not for speed.
 *
 *   node tools/webgpu/software-vulkan.mjs <folder>     prints the variables to set
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const PACKAGES = ['chromium', 'chromium-common', 'libvulkan1'];

/** Why it cannot be done here. */
export class Unavailable extends Error {}

function run(program, args, cwd, unavailable) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: 240_000,
  });
  if (status === 0) return stdout;
  throw new Unavailable(`${unavailable}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`);
}

/** Where Debian's chromium is installed, with a Vulkan loader of its own. */
const INSTALLED = '/usr/lib/chromium';

/** Unpacks the driver, or takes an installed one; returns the environment in which a program finds it. */
export function softwareVulkan(folder) {
  const installed = join(INSTALLED, 'vk_swiftshader_icd.json');
  if (existsSync(installed)) return environmentOf(installed, INSTALLED);
  mkdirSync(folder, { recursive: true });
  // Package lists of its own: the system's may be missing or old, and changing them takes rights.
  const lists = join(folder, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  const options = [
    '-o',
    `Dir::State::Lists=${lists}`,
    '-o',
    `Dir::Cache=${folder}`,
    '-o',
    'APT::Sandbox::User=',
  ];
  run('apt-get', [...options, 'update', '-qq'], folder, 'apt has no package lists');
  run('apt-get', [...options, 'download', '-qq', ...PACKAGES], folder, "Debian's chromium is out of reach");
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', file, 'root'], folder, 'dpkg-deb is not on this machine');
  }
  const root = join(folder, 'root', 'usr', 'lib');
  const driver = join(root, 'chromium', 'vk_swiftshader_icd.json');
  const loader = readdirSync(root).find((name) => name.endsWith('-linux-gnu'));
  return environmentOf(driver, join(root, loader));
}

const environmentOf = (driver, libraries) => ({
  VK_DRIVER_FILES: driver,
  VK_ICD_FILENAMES: driver,
  LD_LIBRARY_PATH: [libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':'),
});

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const environment = softwareVulkan(resolve(process.argv[2] ?? 'software-vulkan'));
  for (const [name, value] of Object.entries(environment)) console.log(`export ${name}=${value}`);
}
