// The page of wholebody-lift app. It requests relative addresses from the server that it was loaded from.

import { $, element, last } from "./page.js";
import { Camera } from "./camera.js";

const about = fetch("about").then((answer) => answer.json()); // what the app can do

const welcome = $("status").textContent;
let file = null; // the file lifted last, for "Lift again"
let pending = null; // aborts the lift in progress
let shown = false; // whether there is a result to go back to
let camera = null; // the camera that runs

// ---------------------------------------------------------------- states

function show(state, status) {
  document.body.dataset.state = state;
  $("again").textContent = state === "camera" ? "Use these options" : "Lift again";
  $("status").textContent = status;
}

async function describeInputs() {
  const { photos: install } = await about;
  const photos = install
    ? ["Photos and videos need a detector: ", element("code", install)]
    : ["Photos and videos are processed by the detector on this computer."];
  $("photos").replaceChildren(...photos);
}

// ---------------------------------------------------------------- lifting

// What the form says, for the server.
function options() {
  const query = new URLSearchParams();
  for (const [field, value] of new FormData($("known"))) if (value.trim()) query.set(field, value);
  return query;
}

async function lift(chosen) {
  const { max_bytes: most } = await about;
  if (chosen.size > most) {
    fail(`${chosen.name}: expected a file of at most ${megabytes(most)}, got ${megabytes(chosen.size)}`);
    return;
  }
  file = chosen;
  const query = options();
  query.set("name", chosen.name);
  endCamera();
  await work(`Lifting ${chosen.name}`, (signal) => fetch(`lift?${query}`, { method: "POST", body: chosen, signal }));
}

// Send a request whose answer is a result, and show how far it is. Only the latest such work goes on.
async function work(title, send) {
  pending?.abort();
  const mine = (pending = new AbortController());
  $("doing").textContent = title;
  $("progress").hidden = true;
  $("how-far").textContent = "The first file may take a little longer.";
  show("working", `${title} …`);
  try {
    const result = await last(await send(mine.signal), showProgress);
    if (mine.signal.aborted) return;
    if (result.error) fail(result.error);
    else finish(result);
  } catch (error) {
    if (!mine.signal.aborted) fail(`No answer. Is wholebody-lift still running? (${error.message})`);
  }
}

async function tryExample() {
  const answer = await fetch("example");
  if (answer.ok) lift(new File([await answer.blob()], "squats.json"));
  else fail((await answer.json()).error);
}

const counted = (done, of) => (of ? `${done} of ${of}` : done);
const STAGES = {
  waiting: () => "Waiting for another file to finish …",
  reading: (done) => `Reading the file: ${done} s`,
  detecting: (done, of) => `Detected people in ${counted(done, of)} frames`,
  lifting: (done, of) => `Lifted ${counted(done, of)} people`,
};

function showProgress({ stage, done, of }) {
  $("progress").hidden = !of;
  if (of) Object.assign($("progress"), { value: done, max: of });
  $("how-far").textContent = STAGES[stage](done, of);
}

function cancel() {
  pending?.abort();
  endCamera();
  back();
}

function back() {
  if (shown) show("done", "");
  else show("empty", welcome);
}

const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`;

function fail(text, title = "This file could not be lifted") {
  endCamera();
  $("failed-title").textContent = title;
  $("error").replaceChildren(...readable(text));
  $("back").hidden = !shown;
  show("failed", "");
  $("other").focus();
}

// The first sentence in large type, the rest small; commands as code.
function readable(text) {
  const marked = (part) => part.split(/(pip install "[^"]+")/).map((piece, i) => (i % 2 ? element("code", piece) : piece));
  const end = text.search(/(?<=\.) (?=[A-Z])/);
  return end < 0 ? marked(text) : [...marked(text.slice(0, end)), element("small", marked(text.slice(end + 1)))];
}

function finish(result) {
  shown = true;
  show("done", "");
  document.title = `${result.name} – wholebody-lift`;
  $("file-name").textContent = result.name;
  const [headline, ...lines] = result.summary;
  $("headline").textContent = headline;
  $("notes").replaceChildren(...result.notes.map((note) => element("li", note)));
  $("summary").replaceChildren(...lines.flatMap(describe));
  $("who").hidden = !result.people.length;
  $("person").replaceChildren(
    element("option", "Everybody", { value: "" }),
    ...result.people.map(({ id, name }) => element("option", name, { value: id })),
  );
  $("person").onchange = () => offer(result);
  offer(result);
  // Replace the element, not its address, so that the browser's Back leaves the page instead of the result.
  const theme = document.documentElement.dataset.theme;
  const src = `results/${result.id}/view${theme ? `#${theme}` : ""}`;
  const viewer = element("iframe", [], { id: "viewer", title: $("viewer").title, src });
  $("viewer").replaceWith(viewer);
  viewer.addEventListener("mouseleave", () => ($("shield").hidden = false));
  $("file-name").focus({ preventScroll: true });
  $("status").textContent = `Lifted ${result.name}.`;
}

// A line of the summary: a term, spaces, and its explanation.
function describe(line) {
  const [, term, text] = line.match(/^(\S*)\s+(.*)$/);
  return [element("dt", term), element("dd", text)];
}

// ---------------------------------------------------------------- camera

async function useCamera() {
  pending?.abort();
  endCamera();
  const mine = (camera = new Camera($("live")));
  $("doing").textContent = "Starting the camera";
  $("progress").hidden = true;
  $("how-far").textContent = "Allow the browser to use it. Loading the detector takes some seconds.";
  show("working", "Starting the camera …");
  for (const id of ["rate", "delay", "seen"]) $(id).textContent = "–"; // not what an earlier camera saw
  $("camera-note").textContent = "";
  markRecording(null);
  try {
    await mine.start(options());
    if (mine !== camera) return;
    show("camera", "The camera is on.");
    document.title = "Camera – wholebody-lift";
    $("record").focus({ preventScroll: true });
    for await (const seen of mine.pictures()) showSeen(seen);
  } catch (error) {
    if (mine === camera) fail(error.message, "The camera could not be used");
  }
}

function showSeen({ people, notes, recorded, rate, delay, detecting_ms: detecting, lifting_ms: lifting, error }) {
  $("camera-note").textContent = error ?? notes.join(" ");
  if (error) return;
  $("seen").textContent = people.length;
  if (rate !== null) $("rate").textContent = `${rate.toFixed(1)} per second`;
  if (delay !== null) $("delay").textContent = `${delay.toFixed(0)} ms (detector ${detecting.toFixed(0)}, lifting ${lifting.toFixed(0)})`;
  markRecording(recorded);
}

function markRecording(recorded) {
  $("record").setAttribute("aria-pressed", String(recorded !== null));
  $("record").textContent = recorded ? `Stop and lift (${recorded.seconds.toFixed(0)} s${recorded.full ? ", full" : ""})` : "Record";
}

// Start a recording; or end it, stop the camera and lift what was recorded.
async function record() {
  const mine = camera;
  if ($("record").getAttribute("aria-pressed") === "false") {
    await mine.record();
    return;
  }
  mine.pause();
  const query = options();
  await work("Lifting the recording", (signal) => mine.lift(query, signal));
  endCamera();
}

function endCamera() {
  camera?.end();
  camera = null;
}

function stopCamera() {
  endCamera();
  back();
}

// ---------------------------------------------------------------- downloads

function offer(result) {
  const person = $("person").value;
  const reasons = new Map(); // reason → formats that are unavailable for it
  const offered = result.downloads.filter((kind) => {
    const reason = kind.install ?? kind.reasons[person];
    if (reason) reasons.set(reason, [...(reasons.get(reason) ?? []), kind.name]);
    return !reason;
  });
  $("downloads").replaceChildren(...offered.map((kind) => {
    const query = new URLSearchParams({ ...(person && { person }), ...(kind.layout && { layout: kind.layout }) });
    const words = [element("b", kind.name), element("span", kind.purpose)];
    const href = `results/${result.id}/file/${kind.suffix}?${query}`;
    const link = element("a", words, { href, title: `Download as ${kind.suffix}` });
    link.addEventListener("click", (event) => download(event, link, kind.name));
    return element("li", link);
  }));
  $("not-offered").replaceChildren(...[...reasons].map(([reason, names]) => {
    const needs = reason.startsWith("pip ") ? ["Needs ", element("code", reason)] : reason;
    return element("li", [element("b", names.join(", ")), element("small", needs)]);
  }));
  $("download-error").textContent = "";
}

// Fetch first, so that an error is shown instead of saved as a file.
async function download(event, link, kind) {
  event.preventDefault();
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  $("preparing").textContent = `Preparing ${kind} …`;
  $("download-error").textContent = "";
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error((await answer.json()).error);
    const [, name] = answer.headers.get("Content-Disposition").match(/''(.*)$/);
    const url = URL.createObjectURL(await answer.blob());
    element("a", [], { href: url, download: decodeURIComponent(name) }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    $("download-error").textContent = error.message;
  }
  link.ariaBusy = "false";
  $("preparing").textContent = "";
}

// ---------------------------------------------------------------- choosing and dropping

function choose() {
  $("file").value = ""; // so that the same file can be chosen again
  $("file").click();
}

for (const id of ["choose", "open", "other"]) $(id).addEventListener("click", choose);
for (const id of ["camera", "camera-again"]) $(id).addEventListener("click", useCamera);
$("example").addEventListener("click", tryExample);
$("record").addEventListener("click", record);
$("stop").addEventListener("click", stopCamera);
$("panel").addEventListener("click", togglePanel);
$("cancel").addEventListener("click", cancel);
$("back").addEventListener("click", back);
$("file").addEventListener("change", () => $("file").files.length && lift($("file").files[0]));
$("known").addEventListener("submit", (event) => {
  event.preventDefault();
  if (camera) useCamera(); // with the new options
  else if (file) lift(file);
});
addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "o") choose();
  if (event.key === "h") togglePanel();
});

function togglePanel() {
  const hidden = document.body.classList.toggle("without-panel");
  $("panel").setAttribute("aria-pressed", String(hidden));
  $("panel").textContent = hidden ? "Show the panel" : "Hide the panel";
}

let inside = 0; // dragenter and dragleave come for every element on the way
const holdsFiles = (event) => event.dataTransfer.types.includes("Files");
addEventListener("dragenter", (event) => {
  if (!holdsFiles(event)) return;
  inside += 1;
  $("veil").hidden = false;
});
addEventListener("dragleave", (event) => {
  if (!holdsFiles(event)) return;
  inside -= 1;
  if (inside <= 0) endDrag();
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  endDrag();
  const [dropped, ...more] = event.dataTransfer.files;
  if (more.length) fail(`expected one file at a time, got ${more.length + 1}`);
  else if (dropped) lift(dropped);
});

function endDrag() {
  inside = 0;
  $("veil").hidden = true;
}

// A file dropped on the viewer, which is a page of its own, would open in its place. So a shield covers the viewer
// until a pointer moves over it, which does not happen while a file is dragged.
for (const kind of ["pointermove", "pointerdown", "wheel"]) {
  $("shield").addEventListener(kind, () => ($("shield").hidden = true), { passive: true });
}
addEventListener("blur", () => setTimeout(() => ($("shield").hidden = document.hasFocus())));

// Both pages use the same colours: the viewer reports a change.
addEventListener("message", ({ source, data }) => {
  const viewers = ["viewer", "live"].map((id) => $(id).contentWindow);
  const known = ["dark", "light"].includes(data?.theme) && viewers.includes(source);
  if (known) document.documentElement.dataset.theme = data.theme;
});

describeInputs();
if (location.hash === "#camera") useCamera();
