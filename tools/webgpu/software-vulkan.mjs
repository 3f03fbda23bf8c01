/**
 * Software Vulkan for machines without a GPU: SwiftShader out of Debian's chromium packages, unpacked into a
 * folder, and llvmpipe out of Mesa's, which has float16 in shaders. Nothing is installed into the system. For correctness, not
 * for speed.
 *
 *   node tools/webgpu/software-vulkan.mjs <folder>     prints the variables to set
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
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

/** Options of apt that keep what it reads and writes in the folder: the system's lists may be missing or old. */
function ownApt(folder) {
  const lists = join(folder, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  const options = { 'Dir::State::Lists': lists, 'Dir::Cache': folder, 'APT::Sandbox::User': '' };
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** Unpacks the packages that were downloaded to a folder; returns where their libraries are. */
function unpack(folder) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', file, 'root'], folder, 'dpkg-deb is not on this machine');
  }
  return join(folder, 'root', 'usr', 'lib');
}

const multiarch = (root) =>
  join(
    root,
    readdirSync(root).find((name) => name.endsWith('-linux-gnu')),
  );

/** Unpacks the driver, or takes an installed one; returns the environment in which a program finds it. */
export function softwareVulkan(folder) {
  const installed = join(INSTALLED, 'vk_swiftshader_icd.json');
  if (existsSync(installed)) return environmentOf(installed, INSTALLED);
  mkdirSync(folder, { recursive: true });
  const options = ownApt(folder);
  run('apt-get', [...options, 'update', '-qq'], folder, 'apt has no package lists');
  run('apt-get', [...options, 'download', '-qq', ...PACKAGES], folder, "Debian's chromium is out of reach");
  const root = unpack(folder);
  return environmentOf(join(root, 'chromium', 'vk_swiftshader_icd.json'), multiarch(root));
}

/** Mesa's version with what Dawn asks of a device is in Debian 12's backports; its LLVM is in Debian 12. */
const MESA = { suite: 'bookworm-backports', packages: ['mesa-vulkan-drivers', 'libllvm15'] };

/**
 * The environment in which a program finds llvmpipe. `loader`: folders with libvulkan.so.1, as SwiftShader's environment names them.
 */
export function softwareVulkanWithFloat16(folder, loader) {
  mkdirSync(folder, { recursive: true });
  const sources = join(folder, 'sources.list');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const line = (suite) => `deb [signed-by=${keys}] http://deb.debian.org/debian ${suite} main\n`;
  writeFileSync(sources, line(MESA.suite) + line('bookworm'));
  const options = [
    ...ownApt(folder),
    ...['-o', `Dir::Etc::SourceList=${sources}`, '-o', 'Dir::Etc::SourceParts=/dev/null'],
    ...['-t', MESA.suite],
  ];
  run('apt-get', [...options, 'update', '-qq'], folder, 'apt has no lists of backports');
  run('apt-get', [...options, 'download', '-qq', ...MESA.packages], folder, "Debian's Mesa is out of reach");
  const libraries = multiarch(unpack(folder));
  const driver = join(folder, 'llvmpipe.json');
  const described = { library_path: join(libraries, 'libvulkan_lvp.so'), api_version: '1.3.0' };
  writeFileSync(driver, JSON.stringify({ file_format_version: '1.0.0', ICD: described }));
  return environmentOf(driver, [libraries, loader].filter(Boolean).join(':'));
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
