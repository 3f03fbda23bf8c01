/** Which licenses a package may have that an installation brings. */
import satisfies from 'spdx-satisfies';

/** Permissive licenses, by their SPDX identifiers. */
const ALLOWED = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'Zlib', 'CC0-1.0'];

/**
 * Packages whose manifest names no SPDX license, with the license that their text has. A new version has to be read again.
 *
 * @type {Record<string, string>}
 */
const READ = {
  'h5wasm@0.10.3': 'NIST-Software', // may be used, copied and distributed with its notice
  'jsfive@0.4.2': 'BSD-3-Clause', // "in the public domain", based on pyfive, which is BSD-3-Clause
};

/** Licenses that some packages may have beside the allowed ones. */
const EXCEPTIONS = [
  {
    packages: /^h5wasm$/,
    license: 'NIST-Software',
    why: 'permissive: keep the notice, which the package contains',
  },
  {
    packages: /^@img\/sharp-/,
    license: 'LGPL-3.0-or-later',
    why: 'libvips, a shared library of the optional sharp, which users install and can replace',
  },
];

/**
 * The problem with a component's license; null where it may be used.
 *
 * @param {{ name: string, version: string, licenses?: { expression?: string, license?: { id?: string, name?: string } }[] }} component
 */
export function licenseProblem({ name, version, licenses = [] }) {
  const [first, ...more] = licenses;
  const declared = first?.expression ?? first?.license?.id ?? first?.license?.name;
  const license = READ[`${name}@${version}`] ?? (more.length > 0 ? undefined : declared);
  if (license === undefined)
    return `${name}@${version}: names no license; read its text, then list it in READ`;
  const exceptions = EXCEPTIONS.filter(({ packages }) => packages.test(name)).map(({ license: id }) => id);
  try {
    if (satisfies(license, [...ALLOWED, ...exceptions])) return null;
  } catch {
    return `${name}@${version}: "${license}" is no SPDX expression; read its text, then list it in READ`;
  }
  return `${name}@${version}: ${license} is not allowed`;
}
