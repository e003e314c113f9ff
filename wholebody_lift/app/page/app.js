// The page of wholebody-lift app. It requests relative addresses from the server that it was loaded from.

const $ = (id) => document.getElementById(id);
const about = fetch("about").then((answer) => answer.json()); // what the app can do

const welcome = $("status").textContent;
let file = null; // the file lifted last, for "Lift again"
let pending = null; // aborts the lift in progress
let shown = false; // whether there is a result to go back to

// ---------------------------------------------------------------- states

function show(state, status) {
  document.body.dataset.state = state;
  $("status").textContent = status;
}

function element(name, children = [], properties = {}) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...[children].flat());
  return node;
}

async function describeInputs() {
  const { photos: install } = await about;
  const photos = install
    ? ["Photos and videos need a detector: ", element("code", install)]
    : ["Photos and videos are processed by the detector on this computer."];
  $("photos").replaceChildren(...photos);
}

// ---------------------------------------------------------------- lifting

async function lift(chosen) {
  pending?.abort();
  file = chosen;
  const mine = (pending = new AbortController());
  $("doing").textContent = `Lifting ${chosen.name}`;
  $("progress").hidden = true;
  $("how-far").textContent = "The first file may take a little longer.";
  show("working", `Lifting ${chosen.name} …`);
  const query = new URLSearchParams({ name: chosen.name });
  for (const [field, value] of new FormData($("known"))) if (value.trim()) query.set(field, value);
  try {
    const { max_bytes: most } = await about;
    if (chosen.size > most) {
      fail(`${chosen.name}: expected a file of at most ${megabytes(most)}, got ${megabytes(chosen.size)}`);
      return;
    }
    const answer = await fetch(`lift?${query}`, { method: "POST", body: chosen, signal: mine.signal });
    const result = await last(answer, showProgress);
    if (mine.signal.aborted) return;
    if (result.error) fail(result.error);
    else finish(result);
  } catch (error) {
    if (!mine.signal.aborted) fail(`No answer. Is wholebody-lift app still running? (${error.message})`);
  }
}

// The last line of an answer, as an object. The lines before it report progress.
async function last(answer, report) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value = "", done } = await reader.read();
    const lines = (text + value).split("\n");
    text = lines.pop();
    const [latest] = lines.map((line) => JSON.parse(line)).slice(-1);
    if (latest && !("stage" in latest)) return latest;
    if (latest) report(latest);
    if (done) return JSON.parse(text);
  }
}

const STAGES = { detecting: ["Detected people in", "frames"], lifting: ["Lifted", "people"] };

function showProgress({ stage, done, of }) {
  $("progress").hidden = !of;
  if (of) Object.assign($("progress"), { value: done, max: of });
  const [verb, items] = STAGES[stage] ?? [];
  const count = of ? `${done} of ${of}` : done;
  $("how-far").textContent = verb ? `${verb} ${count} ${items}` : "Waiting for another file to finish …";
}

function cancel() {
  pending?.abort();
  back();
}

function back() {
  if (shown) show("done", "");
  else show("empty", welcome);
}

const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`;

function fail(text) {
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
$("cancel").addEventListener("click", cancel);
$("back").addEventListener("click", back);
$("file").addEventListener("change", () => $("file").files.length && lift($("file").files[0]));
$("known").addEventListener("submit", (event) => {
  event.preventDefault();
  if (file) lift(file);
});
addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select");
  if (event.key === "o" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) choose();
});

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
  const known = ["dark", "light"].includes(data?.theme) && source === $("viewer").contentWindow;
  if (known) document.documentElement.dataset.theme = data.theme;
});

describeInputs();
