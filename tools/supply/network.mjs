/**
 * Every place in the sources of the published packages that can reach the network or start a program, and every address in
 * them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Modules that open connections, Node's and the common packages. */
const MODULES =
  /^(?:node:)?(?:https?|http2|net|tls|dgram|dns(?:\/promises)?)$|^(?:undici|node-fetch|axios|got|ws|giget)$/;
/** Globals that open connections. */
const GLOBALS = new Set([
  'fetch',
  'WebSocket',
  'XMLHttpRequest',
  'EventSource',
  'WebTransport',
  'sendBeacon',
]);

/** The file that downloads, and the one with the addresses; nothing else may do either. */
const DOWNLOADS = 'packages/datasets/src/download/download-file.ts';
const ADDRESSES = 'packages/datasets/src/download/official-files.ts';
/** Files that speak with servers that the user names, or are one; SECURITY.md says when. */
const SERVERS = new Set([
  'packages/pipeline/src/endpoint/post-batch.ts', // to the endpoint that is named as the teacher
  'packages/runtime/src/trackers/request.ts', // to MLflow or Trackio, with --report-to
  'packages/pipeline/src/ui/server.ts', // `anc-cli ui`, on the loopback interface
]);
/** Files that start programs, and which; SECURITY.md says when. */
const STARTS = new Set([
  'packages/pipeline/src/jobs/processes.ts', // this program: one process for each of --jobs
  'packages/cli/src/sweep/submit.ts', // sbatch, kubectl or bash, with sweep --submit
  'packages/pipeline/src/backends/probe.ts', // this program: one backend
  'packages/pipeline/src/isolation/trial.ts', // this program: a file that may not end
  'packages/pipeline/src/memory/memory.ts', // this program: a model whose memory is measured
  'packages/pipeline/src/backends/install.ts', // the package manager, for `doctor --fix`
  'packages/runtime/src/run-folder/environment.ts', // git, for the commit in a run's record
]);
/** Addresses that are compared with, and not contacted. */
const TEXTS = new Set([
  'packages/formats/src/foreign/foreign-file.ts: git-lfs.github.com',
  'packages/cli/src/config/config-schema.ts: json-schema.org', // the identifier of a vocabulary
]);

const PROGRAMS = /^(?:node:)?(?:child_process|cluster)$/;

function sources() {
  const folders = readdirSync(join(root, 'packages')).flatMap((name) => [
    `packages/${name}/src`,
    `packages/${name}/bin`,
  ]);
  return folders.flatMap((folder) => {
    try {
      const names = readdirSync(join(root, folder), { recursive: true });
      return names
        .filter((name) => /(?<!\.test)\.[cm]?[jt]sx?$/.test(name))
        .map((name) => join(root, folder, name));
    } catch {
      return []; // a package without bin/
    }
  });
}

/** What one source can reach. */
function reachOf(path) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const [connects, hosts, starts] = [[], [], []];
  const [globals, declared] = [[], new Set()];
  const visit = (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      if (MODULES.test(node.text) && isModuleName(node)) connects.push(node.text);
      if (PROGRAMS.test(node.text) && isModuleName(node)) starts.push(node.text);
      for (const [, host] of node.text.matchAll(/\b(?:https?|wss?|ftp):\/\/([^/\s"'`:?#]+)/g))
        hosts.push(host);
    }
    if (ts.isIdentifier(node) && GLOBALS.has(node.text)) {
      const { parent } = node;
      if (ts.isParameter(parent) || ts.isVariableDeclaration(parent)) declared.add(node.text);
      else if (!ts.isTypeNode(parent) && parent.name !== node) globals.push(node.text);
      else if (ts.isPropertyAccessExpression(parent)) globals.push(node.text); // globalThis.fetch
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { connects: [...connects, ...globals.filter((name) => !declared.has(name))], hosts, starts };
}

/** Whether a string is what an import, `import()`, `require()` or `process.getBuiltinModule()` loads. */
function isModuleName({ parent }) {
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
  if (!ts.isCallExpression(parent)) return false;
  return /^import$|require$|getBuiltinModule$/i.test(parent.expression.getText());
}

/** Hosts in the table of SECURITY.md that lists them: the names in backquotes of the second column. */
function documentedHosts() {
  const text = readFileSync(join(root, 'SECURITY.md'), 'utf8');
  const [, section = ''] = text.split('## What is contacted');
  const cells = section.split('\n').map((line) => line.split('|')[2] ?? '');
  return new Set(
    cells.flatMap((cell) => [...cell.matchAll(/`([\w-]+(?:\.[\w-]+)+)`/g)].map(([, host]) => host)),
  );
}

/** @returns {{ problems: string[], hosts: string[] }} */
export function networkProblems() {
  const problems = [];
  const contacted = new Set();
  let downloads = false;
  for (const path of sources()) {
    const name = relative(root, path).replaceAll('\\', '/');
    const { connects, hosts, starts } = reachOf(path);
    if (starts.length > 0 && !STARTS.has(name))
      problems.push(`${name}: starts programs; list it in network.mjs`);
    if (name === DOWNLOADS) downloads = connects.length > 0;
    else if (!SERVERS.has(name))
      for (const what of connects)
        problems.push(`${name}: ${what} opens connections; downloads belong to ${DOWNLOADS}`);
    for (const host of hosts) {
      if (name === ADDRESSES) contacted.add(host);
      else if (!TEXTS.has(`${name}: ${host}`))
        problems.push(`${name}: the address of ${host} belongs to ${ADDRESSES}`);
    }
  }
  if (!downloads || contacted.size === 0)
    problems.push('the download or its addresses were not found: adapt network.mjs');
  const documented = documentedHosts();
  for (const host of contacted) if (!documented.has(host)) problems.push(`SECURITY.md does not name ${host}`);
  for (const host of documented)
    if (!contacted.has(host)) problems.push(`SECURITY.md names ${host}, which nothing contacts`);
  return { problems, hosts: [...contacted].sort() };
}
