// The page: camera or file → MediaPipe's landmarks → 133 keypoints → millimetres → smoothing → the viewer's frame.

import { openDetector } from "./detector.js";
import { isVisible, keypointsOf } from "./keypoints.js";
import { openLifter, runtimeFor } from "./lifter.js";
import { messageOf, personOf } from "./message.js";
import { Person } from "./person.js";
import { Unusable, openCamera, openFile } from "./source.js";
import { filesFor, keepOffline, load } from "./storage.js";

const $ = (id) => document.getElementById(id);
const MEGABYTE = 1e6;
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

let tools = null; // what is loaded once: { detector, lifter, tables, offline }
let source = null;
let again = () => start(openCamera); // what "Try again" does
let loading = null; // an AbortController
let starts = 0; // how often the page was started: what an earlier start comes to later no longer counts

const viewerReady = new Promise((resolve) => addEventListener("message", (event) => {
  if (event.source === $("viewer").contentWindow && event.data?.ready) resolve();
}));
$("viewer").src = "viewer.html";

function show(stateName) {
  document.body.dataset.state = stateName;
  if (stateName === "failed") $("retry").focus();
}

// ---------------------------------------------------------------- starting

async function start(open) {
  again = () => start(open);
  stop();
  const mine = ++starts;
  try {
    checkBrowser();
    show("loading");
    setDoing("Opening the camera or file", null);
    const opened = await open();
    if (mine !== starts) return opened.close();
    source = opened;
    tools ??= await prepare();
    if (source !== opened) return;
    await run(opened);
  } catch (error) {
    if (mine !== starts) return;
    if (error.name === "AbortError") show("idle");
    else fail(error);
  }
}

function checkBrowser() {
  const newer = "The current releases of Chrome, Edge, Firefox and Safari can.";
  if (typeof WebAssembly !== "object" || !WebAssembly.validate(Uint8Array.from(SIMD))) {
    throw new Unusable("This browser cannot run the page", `It lacks WebAssembly with SIMD. ${newer}`);
  }
  if (!document.createElement("canvas").getContext("webgl2")) {
    throw new Unusable("This browser cannot run the page",
      `It offers no WebGL 2, which finds you in the picture. Switch on hardware acceleration in its settings. ${newer}`);
  }
}

async function prepare() {
  loading = new AbortController();
  setDoing("Loading, once", 0);
  const [offline, runtime] = await Promise.all([keepOffline(), runtimeFor()]);
  const files = await filesFor(runtime);
  await load(files, (come, total) => {
    setDoing("Loading, once", come / total);
    $("how-far").textContent = `${(come / MEGABYTE).toFixed(0)} of ${(total / MEGABYTE).toFixed(0)} MB`;
  }, loading.signal);
  setDoing("Starting", null);
  const tables = await (await fetch("tables.json")).json();
  const [lifter, detector] = await Promise.all([openLifter(runtime, tables), openDetector(), viewerReady]);
  return { lifter, detector, tables, offline };
}

function setDoing(what, share) {
  $("doing").textContent = what;
  $("cancel").hidden = share === null;
  $("progress").hidden = share === null;
  $("progress").value = share ?? 0;
  if (share === null) $("how-far").textContent = "";
}

function fail(error) {
  stop();
  const known = error instanceof Unusable;
  $("problem").textContent = known ? error.message : "The page could not go on";
  $("advice").textContent = known ? error.advice
    : navigator.onLine ? `${error.message || error}` : "You are offline, and not everything is loaded yet. Connect and try again.";
  show("failed");
}

function stop() {
  source?.close();
  source = null;
}

// ---------------------------------------------------------------- running

async function run(from) {
  const { detector, lifter, tables } = tools;
  detector.forget();
  let person = new Person(tables);
  const rate = new Rate();
  setDoing(from.isStill ? "Looking for you in the photo" : "Looking for you", null);
  for (let frame = await from.next(); frame && source === from; frame = await from.next()) {
    const { canvas, size, seconds } = frame;
    const began = performance.now();
    const keypoints = keypointsOf(await detector.detect(canvas), size, tables);
    const found = performance.now();
    if (source !== from) break;
    if (seconds <= person.seconds || seconds - person.seconds > tables.forget_seconds) person = new Person(tables);
    const people = isVisible(keypoints, tables) ? [await lifted(person, keypoints, size, seconds)] : [];
    const done = performance.now();
    if (source !== from) break;
    if (document.body.dataset.state !== "running") show("running");
    await post(messageOf(people, size, seconds), canvas);
    rate.count(found - began, done - found);
    $("status").textContent = describe(from, people.length, rate);
  }
  if (source === from && !from.isStill) throw new Unusable("The camera has stopped", "It was taken away, or another program uses it.");
}

async function lifted(person, keypoints, size, seconds) {
  const answer = await tools.lifter.lift(keypoints, size);
  return personOf(keypoints, answer, person.next(answer, keypoints, size, seconds), tools.tables);
}

async function post(message, canvas) {
  const picture = await createImageBitmap(canvas);
  $("viewer").contentWindow.postMessage({ ...message, picture }, location.origin, [picture]);
}

// Means over about a second: frames a second, and milliseconds of each step.
class Rate {
  count(detecting, lifting) {
    const now = performance.now();
    const every = this.last === undefined ? null : now - this.last;
    this.last = now;
    const share = every === null ? 1 : 1 - Math.exp(-every / 1000);
    const mean = (before, value) => (before === undefined ? value : before + share * (value - before));
    Object.assign(this, { detecting: mean(this.detecting, detecting), lifting: mean(this.lifting, lifting) });
    if (every !== null) this.every = mean(this.every, every);
  }
}

function describe(from, people, rate) {
  const facts = [];
  if (!people) facts.push("Nobody in the picture");
  if (!from.isStill) {
    if (rate.every) facts.push(`${(1000 / rate.every).toFixed(rate.every < 100 ? 0 : 1)} frames a second`);
    facts.push(`finding you ${time(rate.detecting)}`);
    if (people) facts.push(`lifting ${time(rate.lifting)}`);
  }
  facts.push(`lifted with ${tools.lifter.backend}`);
  if (tools.offline) facts.push("works offline");
  return facts.join(" · ");
}

const time = (ms) => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);

// ---------------------------------------------------------------- controls

function chooseFile() {
  $("file").value = "";
  $("file").click();
}

$("camera").onclick = () => start(openCamera);
$("retry").onclick = () => again();
for (const id of ["choose", "open", "other"]) $(id).onclick = chooseFile;
$("file").onchange = () => $("file").files[0] && start(() => openFile($("file").files[0]));
for (const id of ["stop", "cancel"]) {
  $(id).onclick = () => {
    loading?.abort();
    stop();
    show("idle");
  };
}
for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    document.body.classList.toggle("dropping", over);
    const [file] = event.dataTransfer?.files ?? [];
    if (name === "drop" && file) start(() => openFile(file));
  });
}

const files = await filesFor(await runtimeFor());
const bytes = files.reduce((sum, [, size]) => sum + size, 0);
$("start-note").textContent = `The first start loads ${(bytes / MEGABYTE).toFixed(0)} MB. After that, the page works offline.`;
for (const id of ["camera", "choose"]) $(id).disabled = false;
