// The tiny network, from pixels to millimetres, by ONNX Runtime: on the graphics card (WebGPU) where that is there,
// right and faster; else on the processor (WebAssembly).

import { cameraOf } from "./keypoints.js";

const NAMES = { wasm: "WebAssembly", webgpu: "WebGPU" };
const AGREE_MM = 1; // the two must, on an example
const [RUNS, ENOUGH_MS] = [5, 300]; // the fastest of so many runs counts, or of fewer if they take that long

// Which build of ONNX Runtime this browser takes. WebGPU's needs a browser in which WebAssembly can wait.
export async function runtimeFor() {
  const canWait = "Suspending" in WebAssembly;
  const adapter = canWait && (await navigator.gpu?.requestAdapter().catch(() => null));
  return adapter ? "webgpu" : "wasm";
}

export async function openLifter(runtime, tables) {
  const folder = new URL(`onnxruntime/${runtime}/`, import.meta.url).href;
  const ort = await import(`${folder}ort.${runtime === "webgpu" ? "jspi" : "wasm"}.min.mjs`);
  ort.env.wasm.wasmPaths = folder;
  ort.env.wasm.numThreads = 1; // more need headers that few web servers send
  ort.env.logLevel = "error";
  const [model, data] = await Promise.all(["model.onnx", "model.safetensors"].map(bytesOf));
  const start = (provider) => ort.InferenceSession.create(model, {
    executionProviders: [provider],
    externalData: [{ path: "model.safetensors", data }],
    logSeverityLevel: 3, // errors
  });
  let best = await measured(ort, tables, "wasm", await start("wasm"));
  if (runtime === "webgpu") {
    const other = await start("webgpu").then((session) => measured(ort, tables, "webgpu", session)).catch(() => null);
    if (other && other.ms < best.ms && agree(other, best)) best = other;
  }
  return { backend: NAMES[best.provider], lift: (keypoints, size) => lift(ort, best.session, tables, keypoints, size) };
}

const bytesOf = async (name) => new Uint8Array(await (await fetch(`weights/${name}`)).arrayBuffer());

// A session, with how long it takes and what it answers for an example.
async function measured(ort, tables, provider, session) {
  const [keypoints, size] = [example(tables), [640, 480]];
  const end = performance.now() + ENOUGH_MS;
  let [ms, answer] = [Infinity, null];
  for (let run = 0; run < RUNS && (run === 0 || performance.now() < end); run++) {
    const start = performance.now();
    answer = await lift(ort, session, tables, keypoints, size);
    ms = Math.min(ms, performance.now() - start);
  }
  return { provider, session, ms, xyz: answer.xyz };
}

// Keypoints all over the picture: no person, but every layer of the network is run.
function example({ keypoints }) {
  return Float64Array.from({ length: 3 * keypoints }, (_, n) => [320 + 90 * Math.sin(n), 240 + 150 * Math.cos(n), 0.9][n % 3]);
}

const agree = (a, b) => a.xyz.every((v, n) => Math.abs(v - b.xyz[n]) < AGREE_MM);

// One person: keypoints (133 x 3) in a picture of [width, height]. Returns xyz (133 x 3) and errors (133), mm.
async function lift(ort, session, tables, keypoints, size) {
  const { focal, centre } = cameraOf(size);
  const floats = (values, ...shape) => new ort.Tensor("float32", Float32Array.from(values), shape);
  const { xyz, error_mm: errors } = await session.run({
    keypoints: floats(keypoints, 1, tables.keypoints, 3),
    focal: floats([focal, focal], 1, 2),
    centre: floats(centre, 1, 2),
    camera_given: new ort.Tensor("bool", [false], [1]),
  });
  return { xyz: xyz.data.slice(), errors: errors.data.slice() };
}
