// The service worker keeps the page's files, each under its hash, so that the page works offline and a new release
// loads only what has changed. The build fills in the hashes; a new release waits until the page is closed.

const HASHES = $hashes;
const STORE = "wholebody-lift";
const keyOf = (path) => new URL(`${path}?${HASHES[path]}`, registration.scope).href;
const pathOf = (url) => (url.startsWith(registration.scope) && url.slice(registration.scope.length).split(/[?#]/)[0]) || "index.html";

addEventListener("install", (event) => {
  event.waitUntil(Promise.all($first.map((path) => respond(path))));
});

addEventListener("activate", (event) => {
  event.waitUntil(forgetOld().then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { url, method } = event.request;
  const path = pathOf(url);
  if (method === "GET" && url.startsWith(registration.scope) && path in HASHES) event.respondWith(respond(path));
});

async function respond(path) {
  const store = await caches.open(STORE);
  const kept = await store.match(keyOf(path));
  if (kept) return kept;
  const response = plain(await fetch(path, { cache: "no-cache" }));
  if (response.ok) await store.put(keyOf(path), response.clone());
  return response;
}

// Some hosts redirect page.html to page; browsers open no page from an answer that was redirected.
function plain(response) {
  return response.redirected ? new Response(response.body, response) : response;
}

async function forgetOld() {
  const store = await caches.open(STORE);
  const current = new Set(Object.keys(HASHES).map(keyOf));
  for (const request of await store.keys()) if (!current.has(request.url)) await store.delete(request);
}
