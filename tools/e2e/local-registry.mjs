import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installOrSkip, run } from './processes.mjs';

const verdaccio = fileURLToPath(new URL('node_modules/verdaccio/bin/verdaccio', import.meta.url));

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Ours can be published by anybody and come from nowhere else; all other packages come from the user's registry. */
const configuration = (folder, upstream) => `
storage: ${join(folder, 'storage')}
auth: { htpasswd: { file: ${join(folder, 'htpasswd')} } }
uplinks:
  npm: { url: '${upstream}', timeout: 120s, maxage: 60m, max_fails: 20, fail_timeout: 5s }
packages:
  '@anc/*': { access: $all, publish: $all }
  'anc-*': { access: $all, publish: $all }
  'create-anc-*': { access: $all, publish: $all }
  '**': { access: $all, proxy: npm }
max_body_size: 100mb
middlewares: { audit: { enabled: false } }
log: { type: file, path: ${join(folder, 'log')}, level: warn }
`;

/**
 * Starts an npm registry on this machine (verdaccio) in front of the one that npm is configured for.
 *
 * @param {string} folder for its storage; created
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startRegistry(folder) {
  if (!existsSync(verdaccio))
    installOrSkip(
      'verdaccio, with the package managers,',
      ['ci'],
      fileURLToPath(new URL('.', import.meta.url)),
    );
  const upstream = run('npm', ['config', 'get', 'registry'], { cwd: process.cwd() }).stdout.trim();
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'config.yaml');
  writeFileSync(config, configuration(folder, upstream));
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(process.execPath, [verdaccio, '--config', config, '--listen', address], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(server, 'exit');
  const url = `http://${address}/`;
  for (let tries = 0; ; tries++) {
    const isUp = await fetch(`${url}-/ping`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) break;
    if (server.exitCode !== null || tries > 300) throw new Error('the local registry does not start');
    await sleep(200);
  }
  const stop = async () => {
    server.kill();
    await ended;
  };
  return { url, stop };
}

/** What a project's `.npmrc` says to install from a registry, and to publish there: any token will do. */
export const npmrc = (url) =>
  `registry=${url}\n${url.replace('http:', '')}:_authToken=nobody\nfund=false\naudit=false\nupdate-notifier=false\n`;
