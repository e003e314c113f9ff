// The page of wholebody-lift app. It talks to the server that it comes from, by addresses beside its own.

const $ = (id) => document.getElementById(id);
const about = fetch("about").then((answer) => answer.json()); // what the app can do

let file = null; // what was lifted last, for "Lift again"
let pending = null; // aborts what is being lifted

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
    ? ["Photos need a detector: ", element("code", install)]
    : ["Photos go through the detector on this computer."];
  $("photos").replaceChildren(...photos);
}

// ---------------------------------------------------------------- lifting

async function lift(chosen) {
  pending?.abort();
  file = chosen;
  const mine = (pending = new AbortController());
  $("doing").textContent = `Lifting ${chosen.name}`;
  show("working", `Lifting ${chosen.name} …`);
  const query = new URLSearchParams({ name: chosen.name });
  for (const [field, value] of new FormData($("known"))) if (value.trim()) query.set(field, value);
  try {
    const { max_bytes: most } = await about;
    if (chosen.size > most) {
      fail(`${chosen.name}: got a file of ${megabytes(chosen.size)}; at most ${megabytes(most)} were wanted`);
      return;
    }
    const answer = await fetch(`lift?${query}`, { method: "POST", body: chosen, signal: mine.signal });
    const document = await answer.json();
    if (mine.signal.aborted) return;
    if (answer.ok) finish(document);
    else fail(document.error);
  } catch (error) {
    if (!mine.signal.aborted) fail(`No answer. Does wholebody-lift app still run? (${error.message})`);
  }
}

const megabytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MB`;

function fail(text) {
  $("error").textContent = text;
  show("failed", "");
  $("other").focus();
}

function finish(result) {
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
  // A new element instead of a new address, so that "back" leaves the page and not a result.
  const viewer = element("iframe", [], { id: "viewer", title: $("viewer").title, src: `results/${result.id}/view` });
  $("viewer").replaceWith(viewer);
  viewer.addEventListener("mouseleave", () => ($("shield").hidden = false));
  $("file-name").focus({ preventScroll: true });
  $("status").textContent = `Lifted ${result.name}.`;
}

// A line of the summary: a term, two spaces or more, and what it says.
function describe(line) {
  const [, term, text] = line.match(/^(\S*)\s+(.*)$/);
  return [element("dt", term), element("dd", text)];
}

// ---------------------------------------------------------------- downloads

function offer(result) {
  const person = $("person").value;
  const reasons = new Map(); // why kinds of files cannot be had, and which
  const offered = result.downloads.filter((kind) => {
    const reason = kind.install ?? kind.reasons[person];
    if (reason) reasons.set(reason, [...(reasons.get(reason) ?? []), kind.name]);
    return !reason;
  });
  $("downloads").replaceChildren(...offered.map((kind) => {
    const address = `results/${result.id}/file/${kind.suffix}${person && `?person=${person}`}`;
    const words = [element("b", kind.name), element("span", kind.purpose)];
    const link = element("a", words, { href: address, title: `Download as ${kind.suffix}` });
    link.addEventListener("click", (event) => download(event, link.href));
    return element("li", link);
  }));
  $("not-offered").replaceChildren(...[...reasons].map(([reason, names]) => {
    const needs = reason.startsWith("pip ") ? ["Needs ", element("code", reason)] : reason;
    return element("li", [element("b", names.join(", ")), element("small", needs)]);
  }));
  $("download-error").textContent = "";
}

// By hand, so that an error is shown and not saved.
async function download(event, address) {
  event.preventDefault();
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error((await answer.json()).error);
    const [, name] = answer.headers.get("Content-Disposition").match(/''(.*)$/);
    const url = URL.createObjectURL(await answer.blob());
    element("a", [], { href: url, download: decodeURIComponent(name) }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  } catch (error) {
    $("download-error").textContent = error.message;
  }
}

// ---------------------------------------------------------------- choosing and dropping

function choose() {
  $("file").value = ""; // so that the same file can be chosen again
  $("file").click();
}

for (const id of ["choose", "open", "other"]) $(id).addEventListener("click", choose);
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
  if (more.length) fail(`got ${more.length + 1} files; one at a time was wanted`);
  else if (dropped) lift(dropped);
});

function endDrag() {
  inside = 0;
  $("veil").hidden = true;
}

// The viewer is a page of its own, and a file dropped on it would replace this one. So it lies under a shield
// that goes away when a pointer moves over it, which it does not do while something is dragged.
for (const kind of ["pointermove", "pointerdown", "wheel"]) {
  $("shield").addEventListener(kind, () => ($("shield").hidden = true), { passive: true });
}
addEventListener("blur", () => setTimeout(() => ($("shield").hidden = document.hasFocus())));

describeInputs();
