/**
 * Keeps the shell of the app on the phone, so that it opens without a network. The server writes before this file which
 * version it is of, and which addresses belong to it: a changed file is a changed worker.
 *
 * A new version waits until whoever uses the phone says so: nobody's page changes in the middle of an observation.
 */
export {};

interface Shell {
  readonly version: string;
  readonly files: readonly string[];
}

interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Worker extends EventTarget {
  readonly QUALOOP_SHELL: Shell;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

const worker = self as unknown as Worker;
const { version, files } = worker.QUALOOP_SHELL;
const PREFIX = "qualoop-phone-";
const CACHE = PREFIX + version;
const PAGE = files[0] ?? "/phone/";
const SHELL = new Set(files);
const VERSION_HEADER = "Qualoop-Shell";

async function keepShell(): Promise<void> {
  // Past the browser's own cache: a page of yesterday must not be kept as one of today.
  const fresh = files.map((address) => new Request(address, { cache: "reload" }));
  const page = await fetch(fresh[0] ?? PAGE);
  // While a server is renewed, page and worker may be of two versions: then this one waits until they are not.
  if (!page.ok || page.headers.get(VERSION_HEADER) !== version) throw new Error("another version");
  const cache = await caches.open(CACHE);
  await cache.addAll(fresh.slice(1));
  await cache.put(PAGE, page);
}

async function dropOld(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

async function kept(address: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(address)) ?? fetch(request);
}

worker.addEventListener("install", (event) => (event as Waiting).waitUntil(keepShell()));
worker.addEventListener("activate", (event) => (event as Waiting).waitUntil(dropOld()));
worker.addEventListener("message", (event) => {
  if ((event as MessageEvent).data === "take-over") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const { request } = event as Fetching;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  const isPage = request.mode === "navigate" && address.pathname === PAGE;
  if (isPage) (event as Fetching).respondWith(kept(PAGE, request));
  else if (SHELL.has(address.pathname)) (event as Fetching).respondWith(kept(address.pathname, request));
});
