// ---------------------------------------------------------------- pointer and keys

function spots(surface) {
  const all = [];
  drawn.forEach((row, i) => {
    for (let k = 0; k < KEYPOINTS; k++) {
      if (shows(row, k)) all.push(surface === scene ? sceneSpot(i, k) : pictureSpot(row, k));
    }
  });
  return all.filter(Boolean);
}

// The keypoint {who, k} at a point of a canvas, the nearer of two that coincide; null if none.
function pick(surface, event) {
  const reach = event.pointerType === "touch" ? 18 : 7;
  let best = null;
  for (const { x, y, depth, radius, row, k } of spots(surface)) {
    const away = Math.hypot(x - event.offsetX, y - event.offsetY) - radius;
    const closer = !best || away < best.away - 0.5 || (away < best.away + 0.5 && depth < best.depth);
    if (away < reach && closer) best = { away, depth, k, who: data.who[row] };
  }
  return best;
}

function hover(surface, event) {
  if (event.pointerType !== "touch") setHover(pick(surface, event));
}

function setHover(spot) {
  if (spot?.k === state.hover?.k && spot?.who === state.hover?.who) return;
  state.hover = spot;
  scene.canvas.classList.toggle("pointing", spot !== null);
  redraw();
}

function choose(surface, event) {
  const spot = pick(surface, event);
  if (!state.measuring) state.pinned = spot;
  else if (spot) measureTo(spot);
  redraw();
}

const CLICK = 3; // pixels that a pointer may move between down and up to be a click
const held = new Map(); // the pointers that are down on the 3D view, each with its position in the window
let moved = 0; // pixels they have moved since the first came down

function watchPointers() {
  const { canvas } = scene;
  for (const kind of ["pointerdown", "wheel", "keydown"]) {
    document.addEventListener(kind, stopSwing, { capture: true, passive: true });
  }
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", hold);
  canvas.addEventListener("pointermove", (event) => (held.has(event.pointerId) ? drag(event) : hover(scene, event)));
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("dblclick", approach);
  canvas.addEventListener("wheel", scroll, { passive: false });
  image.canvas.addEventListener("pointermove", (event) => hover(image, event));
  image.canvas.addEventListener("pointerup", (event) => choose(image, event));
  [canvas, image.canvas].forEach((c) => c.addEventListener("pointerleave", () => setHover(null)));
}

function hold(event) {
  scene.canvas.setPointerCapture(event.pointerId);
  held.set(event.pointerId, [event.clientX, event.clientY]);
  if (held.size === 1) moved = 0;
  scene.canvas.classList.add("dragging");
}

// One pointer orbits, or pans with shift or another button; two zoom and pan.
function drag(event) {
  const [x, y] = held.get(event.pointerId);
  const [dx, dy] = [event.clientX - x, event.clientY - y];
  moved += Math.abs(dx) + Math.abs(dy);
  const other = [...held.keys()].find((id) => id !== event.pointerId);
  if (other !== undefined) {
    const [ox, oy] = held.get(other);
    const apart = (px, py) => Math.hypot(px - ox, py - oy) + 1;
    zoom(apart(x, y) / apart(event.clientX, event.clientY));
    pan(dx / 2, dy / 2);
  } else if (event.shiftKey || event.buttons & 6) pan(dx, dy);
  else if (moved > CLICK) orbit(-dx * 0.008, dy * 0.008);
  held.set(event.pointerId, [event.clientX, event.clientY]);
}

function release(event) {
  held.delete(event.pointerId);
  scene.canvas.classList.toggle("dragging", held.size > 0);
  if (event.type === "pointerup" && moved <= CLICK) choose(scene, event);
}

function approach(event) {
  const spot = pick(scene, event);
  if (spot && !state.measuring) follow(spot.who, [spot.k]);
}

function scroll(event) {
  event.preventDefault();
  zoom(Math.exp(clamp(event.deltaY * (event.deltaMode ? 20 : 1), -120, 120) * 0.0016));
}

// Keys that a control handles itself.
function ownKeys(control) {
  const moves = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
  if (control.matches("[type=range]")) return moves;
  return control.matches("button, [type=checkbox]") ? [" "] : [];
}

const click = (id) => () => $(id).click();

function watchKeys() {
  const actions = {
    c: () => look("camera"), f: () => look("front"), s: () => look("side"), t: () => look("top"),
    0: () => look("oblique"), "+": () => zoom(0.9), "=": () => zoom(0.9), "-": () => zoom(1 / 0.9),
    " ": () => play(!state.playing), ArrowLeft: () => jump(state.frame - 1), ArrowRight: () => jump(state.frame + 1),
    Home: () => jump(0), End: () => jump(frames.length - 1), "[": () => changeSpeed(-1), "]": () => changeSpeed(1),
    e: () => setError({ off: "halo", halo: "colour", colour: "off" }[state.error]),
    g: click("ground"), b: click("volume"), u: click("unseenFeet"), v: click("frustum"), i: click("photo"), p: click("placed"), m: click("measure"), d: click("theme"),
    "?": click("help-open"), Escape: closeAll,
  };
  const turns = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    if (event.target.matches("select") || ownKeys(event.target).includes(event.key)) return;
    const part = /^Digit[1-5]$/.test(event.code) ? Number(event.code.at(-1)) - 1 : -1;
    let action = event.shiftKey && turns[event.key] ? () => orbit(...turns[event.key]) : actions[event.key];
    if (part >= 0) action = () => (event.shiftKey ? zoomToPart(part) : showPart(part, state.hiddenParts.has(part)));
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function closeAll() {
  state.pinned = state.hover = null;
  setMeasuring(false);
}
