/** Whether reports of real runs, and the pages of `anc-cli ui`, fit wide and narrow windows, with nothing in the console. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve, visit } from './chromium.mjs';

const program = fileURLToPath(new URL('../../packages/cli/bin/anc-cli.js', import.meta.url));
const WIDTHS = [1280, 390];

const execute = (args, cwd) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args[0]}: exit ${code}\n${said}`)),
    );
  });

/** Starts `ui` and waits for its address. */
function startUi(cwd) {
  const child = spawn(process.execPath, [program, 'ui'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const address = new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text) => resolve(text.trim()));
    child.on('close', () => reject(new Error('ui ended')));
  });
  return { child, address };
}

/**
 * Shows each page in frames of several widths, and reports what is wider than its frame: the page, and every element outside of
 * it that cannot be scrolled to.
 */
const page = (names) => `<!doctype html><meta charset="utf-8"><body><script type="module">
const found = [];
for (const name of ${JSON.stringify(names)}) for (const width of ${JSON.stringify(WIDTHS)}) {
  const frame = document.createElement('iframe');
  frame.style = 'border: 0; height: 900px; width: ' + width + 'px';
  frame.src = name;
  document.body.append(frame);
  await new Promise((resolve) => (frame.onload = resolve));
  const { contentDocument: shown } = frame;
  const problem = (what) => found.push(name + ' at ' + width + ' pixels: ' + what);
  for (const details of shown.querySelectorAll('details')) details.open = true;
  if (shown.querySelector('h1') === null) problem('no page');
  if (shown.scrollingElement.scrollWidth > width) problem('it is ' + shown.scrollingElement.scrollWidth + ' pixels wide');
  for (const image of shown.images) if (!image.complete || image.naturalWidth === 0) problem('a picture is not shown');
  for (const element of shown.querySelectorAll('.card, figure, p, li, dd, h1, h2, h3')) {
    const { right } = element.getBoundingClientRect();
    if (right > width + 1 && element.closest('.scroll') === null) problem(element.tagName + ' ends at ' + right);
  }
  frame.remove();
}
await fetch('/report', { method: 'POST', body: JSON.stringify(found) });
</script>`;

/** @returns what is wrong, a sentence each. */
export async function reportProblems(chromium, folder) {
  const work = join(folder, 'reports');
  mkdirSync(work);
  const few = [
    '--limit-train',
    '128',
    '--limit-test',
    '60',
    '--epochs',
    '2',
    '--batch-size',
    '32',
    '--quiet',
  ];
  await execute(['run', ...few, '--methods', 'kd,adversarial', '--validation', '0.2', '--name', 'one'], work);
  await execute(['compare', ...few, '--methods', 'l2,kd', '--seeds', '2', '--name', 'several'], work);
  const names = { 'run.html': 'one', 'compare.html': 'several', 'seed.html': join('several', 'seed-1') };
  const served = join(work, 'pages');
  mkdirSync(served);
  for (const [name, run] of Object.entries(names))
    copyFileSync(join(work, 'runs', run, 'report.html'), join(served, name));
  const { child, address } = startUi(work);
  const live = await (await fetch(await address)).text();
  // Frames of another origin cannot be measured, and the server gives none; its page is measured without its script.
  writeFileSync(join(served, 'all.html'), live.replace(/<script[^>]*><\/script>/, ''));
  writeFileSync(join(served, 'index.html'), page([...Object.keys(names), 'all.html']));
  const server = await serve({ '/': served });
  const console = [];
  const onConsole = (line) => console.push(`console: ${line}`);
  try {
    const wide = await visit(chromium, server, '/', { minutes: 3, software: true, onConsole });
    return [...wide, ...console];
  } finally {
    server.close();
    child.kill('SIGKILL');
  }
}
