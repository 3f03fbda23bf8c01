import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AncError } from '@anc/core';
import { pathOfReport } from '@anc/runtime';
import { BROWSER_SCRIPT } from './browser-script.js';
import { findFolders } from './find-folders.js';
import { messagePage, reportPage, runsPage, SCRIPT, type Page } from './pages.js';
import { FolderWatch, type FolderEvent } from './watch-folders.js';

/** The only interface that is listened on. */
const LOOPBACK = '127.0.0.1';
/** Milliseconds between two looks at the folder, while a browser listens. */
const INTERVAL = 1000;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export interface ServedRuns {
  /** Absolute path of the folder of runs. */
  readonly root: string;
  /** Heading of the page. */
  readonly title: string;
  /** 0: a free one. */
  readonly port: number;
  readonly interval?: number;
}

/** A server of the pages of a folder of runs. */
export interface RunsServer {
  /** Address of the page of all runs. */
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Serves the reports of the runs in a folder on the loopback interface, and tells browsers of every epoch by server-sent
 * events. Requests under another name than the server's own are refused, so that no other site can read a page through the
 * browser of its user; pages are made of folders that were found, never of a path in a request. Throws `ANC_PORT`.
 */
export async function serveRuns({ root, title, port, interval = INTERVAL }: ServedRuns): Promise<RunsServer> {
  const listeners = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => {
      if (!response.headersSent) respond(response, messagePage(500, 'this page cannot be made.'));
      else response.end();
    });
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const refused = refusal(request, server);
    const url = new URL(request.url ?? '/', `http://${LOOPBACK}`);
    if (refused !== null) respond(response, refused);
    else if (url.pathname === '/events') listen(response, listeners);
    else if (url.pathname === SCRIPT)
      respond(response, { status: 200, text: BROWSER_SCRIPT }, 'text/javascript');
    else respond(response, await pageAt(url, root, title));
  };
  await listening(server, port);
  const folder = new FolderWatch(root);
  await folder.look(); // what is new is new since now
  const watching = watch(folder, listeners, interval);
  return {
    url: `http://${LOOPBACK}:${portOf(server)}/`,
    async close() {
      clearInterval(watching);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The page of all runs, or of a folder that is found. */
async function pageAt({ pathname, searchParams }: URL, root: string, title: string): Promise<Page> {
  if (pathname === '/') {
    const metric = searchParams.get('metric') ?? undefined;
    return runsPage(root, title, searchParams.getAll('run'), metric);
  }
  const { folders } = await findFolders(root);
  const folder = folders.find(({ id }) => pathOfReport(id) === pathname);
  return folder === undefined
    ? messagePage(404, 'there is no such page.')
    : reportPage(root, folder, folders);
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new AncError('ANC_PORT', `port ${port} cannot be listened on.`, {
          received: cause.code ?? cause.message,
          hint: 'pass another one with --port, or --port 0 for a free one.',
          cause,
        }),
      ),
    );
    server.listen(port, LOOPBACK, resolve);
  });
}

/** Why a request is not answered; null where it is. */
function refusal({ method, headers: { host, origin } }: IncomingMessage, server: Server): Page | null {
  const own = [LOOPBACK, 'localhost', '[::1]'].map((name) => `${name}:${portOf(server)}`);
  if (host === undefined || !own.includes(host)) return messagePage(403, 'this server has another name.');
  if (origin !== undefined && !own.some((name) => origin === `http://${name}`))
    return messagePage(403, 'this server answers its own pages only.');
  return method === 'GET' || method === 'HEAD' ? null : messagePage(405, 'pages can be read only.');
}

function respond(response: ServerResponse, { status, text }: Page, type = 'text/html'): void {
  response.writeHead(status, { ...HEADERS, 'content-type': `${type}; charset=utf-8` }).end(text);
}

/** Keeps a response open for events. */
function listen(response: ServerResponse, listeners: Set<ServerResponse>): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
  response.write('retry: 2000\n\n');
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
}

/** Looks at the folder while somebody listens. */
function watch(
  folder: FolderWatch,
  listeners: ReadonlySet<ServerResponse>,
  interval: number,
): NodeJS.Timeout {
  let isLooking = false;
  return setInterval(() => {
    if (isLooking || listeners.size === 0) return;
    isLooking = true;
    folder
      .look()
      .then((events) => events.forEach((event) => send(event, listeners)))
      .catch(() => undefined) // the next look comes soon
      .finally(() => (isLooking = false));
  }, interval);
}

function send({ type, ...data }: FolderEvent, listeners: ReadonlySet<ServerResponse>): void {
  const text = `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  for (const response of listeners) response.write(text);
}
