// The viewer of one Pose3D. Everything is drawn on two 2D canvases; nothing is loaded from anywhere.
// Inside, positions are millimetres in OpenCV camera axes (x right, y down, z away), whatever the
// frame of the result; `data.matrix` leads from those axes to the frame's.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const people = data.people.map(decode);
const frames = data.frames.map((id, f) => ({ id, people: people.filter((p) => p.frame === f) }));
const crowded = frames.some((f) => f.people.length > 1);
const centre = [0, 1, 2].map((c) => median(people.map((p) => p.translation[c])));

// Sizes in mm, with the least and most pixels that they are drawn with.
const HAND_DOTS = [4.6, 1.5, 5.5];
const HAND_BONES = [3.6, 1.2, 3.6];
const DOTS = {
  body: [12, 3, 7], feet: [9, 2.4, 6], face: [2.6, 1.1, 5], left_hand: HAND_DOTS, right_hand: HAND_DOTS,
};
const BONES = {
  body: [9, 2.4, 6], feet: [7, 1.8, 4.5], face: [1.9, 0.8, 2.6], left_hand: HAND_BONES, right_hand: HAND_BONES,
};
const FIELD_OF_VIEW = 0.42; // radians, of the shorter side; moderate, so that depth shows and lengths compare
const NEAR = 40; // mm
// Yaw and pitch in radians.
const VIEWS = { camera: [0, 0], side: [-Math.PI / 2, 0], top: [0, Math.PI / 2], oblique: [-0.5, 0.16] };

const state = {
  frame: 0, view: "oblique", yaw: 0, pitch: 0, distance: 4000, target: [0, 0, 0],
  moved: false, hidden: new Set(), error: "off", placed: crowded, hover: null, pinned: null, playing: false,
};
const scene = surface($("scene"), drawScene);
const image = surface($("image"), drawImage);
let theme = readTheme();

// ---------------------------------------------------------------- data

function decode(person) {
  const { xyz, xy, error, ...rest } = person;
  const inFrame = triples(xyz);
  return {
    ...rest,
    xyz: inFrame,
    points: inFrame.map(toCamera),
    translation: toCamera(person.translation.map((v) => v / 10)),
    error: error.map((v) => v / 10),
    xy: data.names.map((_, k) => (xy[2 * k] === null ? null : [xy[2 * k] / 10, xy[2 * k + 1] / 10])),
    seen: Array.from(person.observed, (c) => c === "1"),
  };
}

function triples(tenths) {
  return data.names.map((_, k) => [tenths[3 * k] / 10, tenths[3 * k + 1] / 10, tenths[3 * k + 2] / 10]);
}

function toCamera(p) {
  const m = data.matrix;
  return [0, 1, 2].map((c) => m[0][c] * p[0] + m[1][c] * p[1] + m[2][c] * p[2]);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function offset(person) {
  return state.placed ? person.translation.map((v, c) => v - centre[c]) : [0, 0, 0];
}

function placedPoints(person) {
  const o = offset(person);
  return person.points.map((p) => [p[0] + o[0], p[1] + o[1], p[2] + o[2]]);
}

// Height of the grid: the lowest keypoint of the frame, or of all frames where people move through space.
function floorOf(frame) {
  const group = state.placed ? people : frame.people;
  return Math.max(...group.map((p) => offset(p)[1] + Math.max(...p.points.map((q) => q[1]))));
}

// ---------------------------------------------------------------- camera

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

// Right, down and forward of the view.
function axes() {
  const [s, c] = [Math.sin(state.yaw), Math.cos(state.yaw)];
  const [sp, cp] = [Math.sin(state.pitch), Math.cos(state.pitch)];
  return [[c, 0, -s], [-sp * s, cp, -sp * c], [s * cp, sp, c * cp]];
}

// What the controls above and the scale below take from the height, in pixels.
function margins() {
  return { top: $("controls").offsetHeight + 36, bottom: 44 };
}

function focal() {
  return Math.min(scene.width, scene.height) / 2 / Math.tan(FIELD_OF_VIEW / 2);
}

// A function from mm to [pixel x, pixel y, depth in mm, pixels per mm].
function projector() {
  const [right, down, forward] = axes();
  const f = focal();
  const { top, bottom } = margins();
  const middle = [scene.width / 2, (top + scene.height - bottom) / 2];
  return (p) => {
    const q = [p[0] - state.target[0], p[1] - state.target[1], p[2] - state.target[2]];
    const depth = dot(q, forward) + state.distance;
    const scale = f / Math.max(depth, NEAR);
    return [middle[0] + dot(q, right) * scale, middle[1] + dot(q, down) * scale, depth, scale];
  };
}

// Turn to a named view and move so that everybody, in every frame, is inside.
function look(view) {
  state.view = view;
  state.moved = false;
  [state.yaw, state.pitch] = VIEWS[view];
  const points = people.flatMap(placedPoints);
  const low = [0, 1, 2].map((c) => points.reduce((m, p) => Math.min(m, p[c]), Infinity));
  const high = [0, 1, 2].map((c) => points.reduce((m, p) => Math.max(m, p[c]), -Infinity));
  state.target = [0, 1, 2].map((c) => (low[c] + high[c]) / 2);
  const [right, down, forward] = axes();
  const f = focal();
  const room = [(scene.width / 2) * 0.88, (scene.height - margins().top - margins().bottom) / 2];
  state.distance = points.reduce((d, p) => {
    const q = p.map((v, c) => v - state.target[c]);
    const needed = Math.max((f * Math.abs(dot(q, right))) / room[0], (f * Math.abs(dot(q, down))) / room[1]);
    return Math.max(d, needed - dot(q, forward));
  }, 400);
  markViews();
  redraw();
}

function orbit(dx, dy) {
  state.yaw += dx;
  state.pitch = clamp(state.pitch + dy, -Math.PI / 2, Math.PI / 2);
  state.view = null;
  state.moved = true;
  markViews();
  redraw();
}

function pan(dx, dy) {
  const [right, down] = axes();
  const k = state.distance / focal();
  state.target = state.target.map((v, c) => v - k * (dx * right[c] + dy * down[c]));
  state.moved = true;
  redraw();
}

function zoom(factor) {
  state.distance = clamp(state.distance * factor, 150, 200000);
  state.moved = true;
  redraw();
}

// ---------------------------------------------------------------- drawing

function surface(canvas, draw) {
  const target = { canvas, context: canvas.getContext("2d"), width: 0, height: 0, spots: [], draw };
  target.resize = () => {
    const ratio = window.devicePixelRatio || 1;
    target.width = canvas.clientWidth;
    target.height = canvas.clientHeight;
    canvas.width = Math.round(target.width * ratio);
    canvas.height = Math.round(target.height * ratio);
    target.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  };
  return target;
}

function readTheme() {
  const css = getComputedStyle(document.documentElement);
  const read = (name) => rgb(css.getPropertyValue(`--${name}`).trim());
  const groups = Object.fromEntries(data.groups.map((g) => [g, read(g)]));
  return {
    groups,
    stage: read("stage"), ink: read("ink"), soft: read("soft"), grid: read("grid"), line: read("line"),
    ramp: [read("error-0"), read("error-1"), read("error-2")],
    axes: [groups.body_right, groups.left_hand, groups.body_left],
  };
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

const mix = (a, b, t) => a.map((v, c) => v + (b[c] - v) * t);
const paint = (colour, alpha = 1) => `rgb(${colour.map(Math.round).join(" ")} / ${alpha})`;
const font = (size, weight = 400) => `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;

function errorColour(error) {
  const t = clamp(error / data.error_top, 0, 1) * 2;
  return t < 1 ? mix(theme.ramp[0], theme.ramp[1], t) : mix(theme.ramp[1], theme.ramp[2], t - 1);
}

function visible(k) {
  return !state.hidden.has(data.part_of[k]);
}

function drawScene() {
  const { context: ctx, width, height } = scene;
  ctx.clearRect(0, 0, width, height);
  const project = projector();
  const frame = frames[state.frame];
  drawGrid(ctx, project, floorOf(frame));
  const drawn = frame.people.map((person) => ({ person, at: placedPoints(person).map(project) }));
  if (state.error === "halo") drawn.forEach(({ person, at }) => drawHalos(ctx, person, at));
  scene.spots = [];
  const shapes = drawn.flatMap(({ person, at }) => [...bones(person, at), ...dots(person, at)]);
  shapes.sort((a, b) => b.depth - a.depth).forEach((shape) => shape.draw(ctx));
  ringActive(ctx, scene);
  drawGizmo(ctx);
  drawScaleBar(ctx);
  placeTooltip();
}

// Keypoints that are further away, and those that are inferred, fade towards the ground.
function tone(colour, depth, seen) {
  const fade = clamp((depth - state.distance) / 1500 + 0.2, 0, 1) * 0.45;
  return mix(colour, theme.stage, seen ? fade : 0.3 + fade * 0.7);
}

function bones(person, at) {
  return data.edges.flatMap(([a, b, group, part]) => {
    const [p, q] = [at[a], at[b]];
    if (!visible(a) || !visible(b) || p[2] < NEAR || q[2] < NEAR) return [];
    const depth = (p[2] + q[2]) / 2;
    const [mm, least, most] = BONES[part];
    const thick = clamp((mm * (p[3] + q[3])) / 2, least, most);
    const error = (person.error[a] + person.error[b]) / 2;
    const base = state.error === "colour" ? errorColour(error) : theme.groups[group];
    const seen = person.seen[a] && person.seen[b];
    const draw = (ctx) => {
      ctx.lineCap = "butt";
      const inner = (DOTS[part][2] + 4) / Math.hypot(p[0] - q[0], p[1] - q[1]);
      if (part === "body" && inner < 0.4) {
        // Clears a margin, so that it shows which of two crossing bones is in front.
        line(ctx, along(p, q, inner), along(p, q, 1 - inner), thick + 4, paint(theme.stage));
      }
      ctx.lineCap = "round";
      if (!seen) ctx.setLineDash([thick * 1.2, thick * 1.9]);
      line(ctx, p, q, thick, paint(tone(base, depth, seen)));
      ctx.setLineDash([]);
    };
    return [{ depth, draw }];
  });
}

function dots(person, at) {
  return at.flatMap((p, k) => {
    if (!visible(k) || p[2] < NEAR) return [];
    const [mm, least, most] = DOTS[data.part_of[k]];
    const radius = clamp(mm * p[3], least, most);
    scene.spots.push({ x: p[0], y: p[1], depth: p[2], radius, person, k });
    const base = state.error === "colour" ? errorColour(person.error[k]) : theme.groups[data.group_of[k]];
    const draw = (ctx) => disc(ctx, p, radius, tone(base, p[2], true), person.seen[k], theme.stage);
    return [{ depth: p[2] - 5 * mm, draw }]; // in front of its own bones
  });
}

// One path per colour, so that halos that overlap do not add up.
function drawHalos(ctx, person, at) {
  for (const group of data.groups) {
    ctx.beginPath();
    at.forEach((p, k) => {
      if (data.group_of[k] !== group || !visible(k) || p[2] < NEAR) return;
      const radius = person.error[k] * p[3];
      ctx.moveTo(p[0] + radius, p[1]);
      ctx.arc(p[0], p[1], radius, 0, 2 * Math.PI);
    });
    ctx.fillStyle = paint(theme.groups[group], 0.2);
    ctx.fill();
  }
}

const along = (p, q, t) => [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t];

function line(ctx, p, q, thick, style) {
  ctx.lineWidth = thick;
  ctx.strokeStyle = style;
  ctx.beginPath();
  ctx.moveTo(p[0], p[1]);
  ctx.lineTo(q[0], q[1]);
  ctx.stroke();
}

// Filled if observed, a ring if inferred.
function disc(ctx, p, radius, colour, seen, ground) {
  ctx.beginPath();
  ctx.arc(p[0], p[1], seen ? radius : radius * 0.85, 0, 2 * Math.PI);
  ctx.fillStyle = paint(seen ? colour : ground);
  ctx.fill();
  if (seen) return;
  ctx.lineWidth = Math.max(1, radius * 0.4);
  ctx.strokeStyle = paint(colour);
  ctx.stroke();
}

// 1, 2 or 5 times a power of ten, not above `most`.
function round125(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return power * [5, 2, 1].find((m) => m * power <= most);
}

function gridStep() {
  return Math.max(100, round125((state.distance * Math.min(scene.width, scene.height)) / focal() / 4));
}

function drawGrid(ctx, project, floor) {
  const step = gridStep();
  const cells = 9;
  const [x0, z0] = [0, 2].map((c) => Math.round(state.target[c] / step) * step);
  const segment = (a, b) => {
    const [p, q] = [project(a), project(b)];
    if (p[2] < NEAR || q[2] < NEAR) return;
    const [dx, dz] = [0, 2].map((c) => (a[c] + b[c]) / 2 - state.target[c]);
    const away = Math.hypot(dx, dz) / (cells * step);
    line(ctx, p, q, 1, paint(theme.grid, 0.34 * clamp(1 - away, 0, 1)));
  };
  ctx.lineCap = "butt";
  for (let i = -cells; i <= cells; i++) {
    for (let j = -cells; j < cells; j++) {
      segment([x0 + i * step, floor, z0 + j * step], [x0 + i * step, floor, z0 + (j + 1) * step]);
      segment([x0 + j * step, floor, z0 + i * step], [x0 + (j + 1) * step, floor, z0 + i * step]);
    }
  }
}

function drawGizmo(ctx) {
  const origin = [48, scene.height - 78];
  const view = axes();
  const arms = data.matrix.map((axis, i) => ({ i, tip: view.map((v) => dot(v, axis)) }));
  arms.sort((a, b) => b.tip[2] - a.tip[2]);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const { i, tip } of arms) {
    const colour = paint(mix(theme.axes[i], theme.stage, clamp(tip[2] * 0.3, 0, 1)));
    line(ctx, origin, [origin[0] + 27 * tip[0], origin[1] + 27 * tip[1]], 2, colour);
    ctx.fillStyle = colour;
    ctx.font = font(12, 600);
    const reach = Math.hypot(tip[0], tip[1]) < 0.2 ? 0 : 37;
    const aside = reach ? [0, 0] : [9, 9];
    ctx.fillText("xyz"[i], origin[0] + reach * tip[0] + aside[0], origin[1] + reach * tip[1] + aside[1]);
  }
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.fillStyle = paint(theme.soft);
  ctx.font = font(12);
  ctx.fillText(`${data.frame} axes`, 16, scene.height - 14);
}

function drawScaleBar(ctx) {
  const scale = focal() / state.distance;
  const mm = round125(120 / scale);
  const [right, y] = [scene.width - 18, scene.height - 34];
  const left = right - mm * scale;
  const colour = paint(theme.ink, 0.75);
  line(ctx, [left, y], [right, y], 1.5, colour);
  [left, right].forEach((x) => line(ctx, [x, y - 4], [x, y + 4], 1.5, colour));
  ctx.fillStyle = paint(theme.ink);
  ctx.font = font(12, 560);
  ctx.textAlign = "right";
  ctx.fillText(`${mm} mm`, right, y - 9);
  ctx.fillStyle = paint(theme.soft);
  ctx.font = font(12);
  ctx.fillText(`grid ${gridStep()} mm`, right, scene.height - 14);
  ctx.textAlign = "left";
}

// The part of the image plane that is shown: the image, or the box around all keypoints of the frame.
function imageBox(frame) {
  const size = frame.people[0].size;
  if (size) return [0, 0, size[0], size[1]];
  const known = frame.people.flatMap((p) => p.xy.filter(Boolean));
  const [xs, ys] = [0, 1].map((c) => known.map((p) => p[c]));
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const [w, h] = [Math.max(...xs) - x, Math.max(...ys) - y];
  const edge = 0.06 * Math.max(w, h, 1);
  return [x - edge, y - edge, w + 2 * edge, h + 2 * edge];
}

function layoutImage() {
  const [, , w, h] = imageBox(frames[state.frame]);
  const tallest = clamp(window.innerHeight * 0.34, 220, 380);
  image.canvas.style.height = `${Math.min(tallest, (image.canvas.clientWidth * h) / w)}px`;
  image.resize();
}

function drawImage() {
  const { context: ctx, width, height } = image;
  const frame = frames[state.frame];
  const [x0, y0, w, h] = imageBox(frame);
  const scale = Math.min((width - 2) / w, (height - 2) / h);
  const [left, top] = [(width - w * scale) / 2, (height - h * scale) / 2];
  ctx.clearRect(0, 0, width, height);
  ctx.fillStyle = paint(theme.stage);
  ctx.fillRect(left, top, w * scale, h * scale);
  ctx.lineWidth = 1;
  ctx.strokeStyle = paint(theme.line);
  if (!frame.people[0].size) ctx.setLineDash([4, 4]);
  ctx.strokeRect(left, top, w * scale, h * scale);
  ctx.setLineDash([]);
  image.spots = [];
  for (const person of frame.people) {
    const at = person.xy.map((p) => p && [left + (p[0] - x0) * scale, top + (p[1] - y0) * scale]);
    ctx.lineCap = "round";
    for (const [a, b, group, part] of data.edges) {
      if (at[a] && at[b] && visible(a) && visible(b)) {
        const thick = part === "body" ? 1.8 : part === "face" ? 0.6 : 1;
        line(ctx, at[a], at[b], thick, paint(theme.groups[group]));
      }
    }
    at.forEach((p, k) => {
      if (!p || !visible(k)) return;
      const radius = data.part_of[k] === "body" ? 2.2 : 0.8;
      disc(ctx, p, radius, theme.groups[data.group_of[k]], true, theme.stage);
      image.spots.push({ x: p[0], y: p[1], depth: 0, radius, person, k });
    });
  }
  ringActive(ctx, image);
}

function active() {
  return state.hover ?? state.pinned;
}

function spotOf(surface, chosen) {
  const person = chosen && frames[state.frame].people[chosen.row];
  return person && surface.spots.find((s) => s.k === chosen.k && s.person === person);
}

function ringActive(ctx, surface) {
  const spot = spotOf(surface, active());
  if (!spot) return;
  ctx.beginPath();
  ctx.arc(spot.x, spot.y, spot.radius + 4, 0, 2 * Math.PI);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = paint(theme.ink);
  ctx.stroke();
}

let scheduled = false;
function redraw() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    scene.draw();
    image.draw();
  });
}

// ---------------------------------------------------------------- tooltip

function element(tag, content = [], attributes = {}) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...[content].flat());
  return node;
}

function placeTooltip() {
  const tip = $("tooltip");
  const spot = spotOf(scene, active());
  tip.hidden = !spot;
  if (!spot) return;
  const { person, k } = spot;
  const rows = [0, 1, 2].map((c) => ["xyz"[c], `${person.xyz[k][c].toFixed(1)} mm`]);
  rows.push(["error", `± ${person.error[k].toFixed(1)} mm`]);
  const observed = `observed, score ${(person.scores[k] / 100).toFixed(2)}`;
  rows.push(["input", person.seen[k] ? observed : "missing, so inferred"]);
  const who = frames[state.frame].people.length > 1 ? ` (person ${active().row + 1})` : "";
  const table = element("table", rows.map((row) => element("tr", row.map((cell) => element("td", cell)))));
  tip.replaceChildren(element("strong", data.names[k].replaceAll("_", " ") + who), table);
  const { width, height } = tip.getBoundingClientRect();
  const x = spot.x + 16 + width > scene.width ? spot.x - 16 - width : spot.x + 16;
  const y = spot.y + 12 + height > scene.height ? spot.y - 12 - height : spot.y + 12;
  tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

function pick(surface, x, y, reach) {
  let best = null;
  for (const spot of surface.spots) {
    const away = Math.hypot(spot.x - x, spot.y - y) - spot.radius;
    const closer = !best || away < best.away - 0.5 || (away < best.away + 0.5 && spot.depth < best.depth);
    if (away < reach && closer) {
      best = { away, depth: spot.depth, k: spot.k, row: frames[state.frame].people.indexOf(spot.person) };
    }
  }
  return best;
}

// ---------------------------------------------------------------- pointer, wheel and keys

function watchPointers() {
  const { canvas } = scene;
  const held = new Map();
  let moved = 0;
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, [event.clientX, event.clientY]);
    if (held.size === 1) moved = 0;
    canvas.classList.add("dragging");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held.has(event.pointerId)) return hover(scene, event, 7);
    const [x, y] = held.get(event.pointerId);
    const [dx, dy] = [event.clientX - x, event.clientY - y];
    moved += Math.abs(dx) + Math.abs(dy);
    const others = [...held].filter(([id]) => id !== event.pointerId).map(([, p]) => p);
    if (others.length) {
      const apart = (px, py) => Math.hypot(px - others[0][0], py - others[0][1]) + 1;
      zoom(apart(x, y) / apart(event.clientX, event.clientY));
      pan(dx / 2, dy / 2);
    } else if (event.shiftKey || event.buttons & 6) pan(dx, dy);
    else if (moved > 3) orbit(-dx * 0.008, dy * 0.008);
    held.set(event.pointerId, [event.clientX, event.clientY]);
  });
  const release = (event) => {
    held.delete(event.pointerId);
    canvas.classList.toggle("dragging", held.size > 0);
    if (event.type === "pointerup" && moved <= 3) pin(scene, event);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(clamp(event.deltaY * (event.deltaMode ? 20 : 1), -120, 120) * 0.0016));
  }, { passive: false });
  image.canvas.addEventListener("pointermove", (event) => hover(image, event, 7));
  image.canvas.addEventListener("pointerup", (event) => pin(image, event));
  [canvas, image.canvas].forEach((c) => c.addEventListener("pointerleave", () => setHover(null)));
}

function hover(surface, event, reach) {
  if (event.pointerType !== "touch") setHover(pick(surface, event.offsetX, event.offsetY, reach));
}

function setHover(spot) {
  if (spot?.k === state.hover?.k && spot?.row === state.hover?.row) return;
  state.hover = spot;
  scene.canvas.classList.toggle("pointing", spot !== null);
  redraw();
}

function pin(surface, event) {
  state.pinned = pick(surface, event.offsetX, event.offsetY, event.pointerType === "touch" ? 18 : 7);
  redraw();
}

// Keys that a control uses itself.
function ownKeys(control) {
  const arrows = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
  if (control.matches("select")) return [" ", ...arrows];
  if (control.matches("[type=range]")) return arrows;
  return control.matches("button, [type=checkbox]") ? [" "] : [];
}

function watchKeys() {
  const actions = {
    1: () => look("camera"), 2: () => look("side"), 3: () => look("top"), 0: () => look("oblique"),
    "+": () => zoom(0.9), "=": () => zoom(0.9), "-": () => zoom(1 / 0.9),
    " ": () => play(!state.playing), ArrowLeft: () => step(-1), ArrowRight: () => step(1),
    Escape: () => { state.pinned = state.hover = null; redraw(); },
  };
  const turns = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (ownKeys(event.target).includes(event.key)) return;
    const action = event.shiftKey && turns[event.key] ? () => orbit(...turns[event.key]) : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

// ---------------------------------------------------------------- frames

const PLAY = "M4 2.2v11.6c0 .6.7 1 1.2.7l9-5.8c.5-.3.5-1.1 0-1.4l-9-5.8C4.7 1.2 4 1.6 4 2.2z";
const PAUSE = "M3.5 2h3v12h-3zM9.5 2h3v12h-3z";

function show(frame) {
  state.frame = frame;
  $("scrubber").value = frame;
  const label = element("small", `image ${frames[frame].id}`);
  $("counter").replaceChildren(`${frame + 1} of ${frames.length}`, label);
  const size = frames[frame].people[0].size;
  $("image-note").textContent = size
    ? `${size[0]} × ${size[1]} pixels`
    : "Size of the image unknown: the box around the keypoints is shown.";
  describeParts();
  layoutImage();
  redraw();
}

function step(by) {
  play(false);
  show((state.frame + by + frames.length) % frames.length);
}

function play(on) {
  state.playing = on && frames.length > 1;
  $("play-icon").setAttribute("d", state.playing ? PAUSE : PLAY);
  $("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  if (!state.playing) return;
  let last = performance.now();
  const tick = (now) => {
    if (!state.playing) return;
    const due = Math.floor(((now - last) / 1000) * Number($("speed").value));
    if (due > 0) {
      last += (due * 1000) / Number($("speed").value);
      show((state.frame + due) % frames.length);
    }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

// ---------------------------------------------------------------- controls

function markViews() {
  document.querySelectorAll("[data-view]").forEach((b) => {
    if (b.dataset.view !== "oblique") b.setAttribute("aria-pressed", String(b.dataset.view === state.view));
  });
}

function setError(mode) {
  state.error = mode;
  document.querySelectorAll("[data-error]").forEach((b) => {
    b.setAttribute("aria-pressed", String(b.dataset.error === mode));
  });
  $("ramp").hidden = mode !== "colour";
  redraw();
}

function buildParts() {
  $("parts").replaceChildren(...data.parts.map(({ part, label, groups }) => {
    const box = element("input", [], { type: "checkbox", checked: true, id: `part-${part}` });
    box.addEventListener("change", () => {
      state.hidden[box.checked ? "delete" : "add"](part);
      redraw();
    });
    const swatch = element("span", groups.map((g) => {
      const chip = element("i", [], { title: data.labels[g] });
      chip.style.background = `var(--${g})`;
      return chip;
    }), { className: "swatch" });
    const name = element("label", [box, swatch, label], { className: "check" });
    const row = element("tr", [element("td", name), element("td"), element("td")]);
    row.dataset.part = part;
    return row;
  }));
}

function describeParts() {
  const shown = frames[state.frame].people;
  for (const row of $("parts").rows) {
    const members = data.names.map((_, k) => k).filter((k) => data.part_of[k] === row.dataset.part);
    const count = members.length * shown.length;
    const sum = (of) => shown.reduce((total, p) => total + members.reduce((t, k) => t + of(p, k), 0), 0);
    row.cells[1].textContent = `${sum((p, k) => Number(p.seen[k]))} of ${count}`;
    row.cells[2].textContent = (sum((p, k) => p.error[k]) / count).toFixed(1);
  }
}

function start() {
  buildParts();
  $("ramp-end").textContent = `${data.error_top} mm or more`;
  const onClick = (selector, act) => document.querySelectorAll(selector).forEach((b) => {
    b.addEventListener("click", () => act(b));
  });
  onClick("[data-view]", (b) => look(b.dataset.view));
  onClick("[data-error]", (b) => setError(b.dataset.error));
  if (frames.length > 1) {
    $("player").hidden = $("play-keys").hidden = false;
    $("scrubber").max = frames.length - 1;
    $("scrubber").addEventListener("input", () => { play(false); show(Number($("scrubber").value)); });
    $("play").addEventListener("click", () => play(!state.playing));
  }
  $("place-row").hidden = people.length < 2;
  $("place").checked = state.placed;
  $("place").addEventListener("change", () => {
    state.placed = $("place").checked;
    look(state.view ?? "oblique");
  });
  watchPointers();
  watchKeys();
  play(false);
  show(0);
  new ResizeObserver(() => { // also called once at the start
    scene.resize();
    if (state.moved) redraw();
    else look(state.view);
  }).observe(scene.canvas);
  new ResizeObserver(() => { layoutImage(); redraw(); }).observe(image.canvas.parentElement);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    theme = readTheme();
    redraw();
  });
}

start();
