/** Opens a page in headless Chromium and waits for what it sends to the server that gave it. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Path of Chromium on this machine, or null. */
export function findChromium() {
  const names = [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome'].filter(Boolean);
  return names.find((name) => spawnSync(name, ['--version']).status === 0) ?? null;
}

/** Installs Debian's chromium, which takes root's rights; null where it cannot be had. */
export function installChromium() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return null;
  const apt = (...args) => spawnSync('apt-get', [...args], { timeout: 240_000 }).status === 0;
  const options = ['-y', '-qq', '--no-install-recommends'];
  return apt('update', '-qq') && apt('install', ...options, 'chromium') ? findChromium() : null;
}

/**
 * Serves folders by prefix (`/` is the page's own) on localhost, isolated, so that WebAssembly may use threads.
 * @param {Record<string, string>} folders
 * @param {(test: string) => void} began told of every test that the page begins
 */
export async function serve(folders, began = () => {}) {
  let settle;
  let lastProgress = 'nothing';
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const isolated = {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    };
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      response.writeHead(204, isolated).end();
      if (pathname === '/report') settle(JSON.parse(body));
      else began((lastProgress = body));
      return;
    }
    const prefix = Object.keys(folders)
      .sort((a, b) => b.length - a.length)
      .find((candidate) => pathname.startsWith(candidate));
    const file = join(folders[prefix], normalize(pathname.slice(prefix.length) || 'index.html'));
    if (file.startsWith(folders[prefix]) && existsSync(file)) {
      response.writeHead(200, { ...isolated, 'content-type': TYPES[extname(file)] ?? 'text/plain' });
      response.end(readFileSync(file));
    } else response.writeHead(404, isolated).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    report: () => new Promise((resolve) => (settle = resolve)),
    progress: () => lastProgress,
    close: () => server.close(),
  };
}

/**
 * Opens `address` and gives what the page reports. `onConsole` receives the lines of the pages' consoles. Throws where Chromium ends before, or nothing comes in time.
 * @param {string} chromium
 */
export async function visit(chromium, server, path, { minutes, software, onConsole }) {
  const profile = mkdtempSync(join(tmpdir(), 'anc-chromium-'));
  const gpu = software ? ['--use-webgpu-adapter=swiftshader', '--use-vulkan=swiftshader'] : [];
  const child = spawn(
    chromium,
    [
      ...(onConsole ? ['--enable-logging=stderr', '--v=0'] : []),
      ...['--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--enable-unsafe-webgpu', '--enable-features=Vulkan', ...gpu],
      ...[`--user-data-dir=${profile}`, server.address + path],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const stop = () => child.kill('SIGKILL');
  process.on('exit', stop); // whatever ends this process
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2000)));
  if (onConsole) {
    let line = '';
    child.stderr.on('data', (text) => {
      const lines = (line + text).split('\n');
      line = lines.pop();
      for (const one of lines.filter((each) => each.includes(':CONSOLE'))) onConsole(one);
    });
  }
  const ended = new Promise((resolve) => child.on('close', resolve));
  let timer;
  try {
    return await Promise.race([
      server.report(),
      ended.then((code) => {
        throw new Error(`Chromium ended with exit code ${code}\n${said}`);
      }),
      new Promise((_, reject) => {
        const late = () =>
          reject(new Error(`no report after ${minutes} minutes; last test: ${server.progress()}`));
        timer = setTimeout(late, minutes * 60_000);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    stop();
    await ended;
    process.off('exit', stop);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
