// Loading with progress, and offline use: the service worker keeps every file that is loaded through it.

// Register the service worker, and wait until it keeps what this page loads. Resolves to whether it does.
export async function keepOffline() {
  if (!navigator.serviceWorker) return false;
  try {
    await navigator.serviceWorker.register("sw.js");
    if (!navigator.serviceWorker.controller) {
      await Promise.race([
        new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true })),
        new Promise((resolve) => setTimeout(resolve, 4000)),
      ]);
    }
  } catch {
    return false; // private windows of some browsers
  }
  return Boolean(navigator.serviceWorker.controller);
}

// The files that this browser needs, as [path, bytes].
export async function filesFor(runtime) {
  const { files } = await (await fetch("files.json")).json();
  const others = runtime === "webgpu" ? "onnxruntime/wasm/" : "onnxruntime/webgpu/";
  return Object.entries(files).filter(([path]) => !path.startsWith(others)).map(([path, { bytes }]) => [path, bytes]);
}

// Load files; `progress` is told how many bytes have come, and how many there are.
export async function load(files, progress, signal) {
  const total = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  let come = 0;
  await Promise.all(files.map(async ([path]) => {
    const response = await fetch(path, { signal });
    if (!response.ok) throw new Error(`could not load ${path}: the server answered ${response.status}`);
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      come += value.length;
      progress(come, total);
    }
  }));
}
