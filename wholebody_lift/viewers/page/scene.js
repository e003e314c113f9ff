// ---------------------------------------------------------------- the 3D scene

// Sizes in mm, each with the least and most pixels it is drawn at.
const HAND_DOTS = [4.6, 1.5, 5.5];
const HAND_BONES = [3.6, 1, 3.8];
const DOTS = {
  body: [12, 3, 7], head: [5, 1.8, 5], feet: [9, 2.4, 6], face: [2.4, 0.9, 4.5],
  left_hand: HAND_DOTS, right_hand: HAND_DOTS,
};
const BONES = {
  body: [10, 2.6, 6.5], head: [3.4, 1.3, 3.4], feet: [7, 1.8, 4.5], face: [2.2, 0.9, 3],
  left_hand: HAND_BONES, right_hand: HAND_BONES,
};
const RING = 0.6; // the hole in the dot of an inferred keypoint, as a part of its radius

// Parts of many keypoints. While small, each is drawn as one shape: far fewer strokes and no visible difference.
const FINE = data.parts.map(({ part }) => ["face", "left_hand", "right_hand"].includes(part));
const SMALL = 0.6; // pixels per mm
const edgesOf = data.parts.map((_, part) => edges.filter((edge) => edge.part === part));
const dotSizes = data.looks.map((look) => DOTS[look]);
const boneSizes = edges.map(({ look }) => BONES[look]);

// Reused from frame to frame. The shapes of a row are its bones, its keypoints, its fine parts and its solids.
const SHAPES = EDGES + KEYPOINTS + data.parts.length + SOLIDS.length;
const most = frames.reduce((n, frame) => Math.max(n, frame.rows.length), 0);
const at = new Float32Array(most * KEYPOINTS * 4); // pixel x, pixel y, depth in mm, pixels per mm
const queue = new Float64Array(most * SHAPES); // what is to be drawn: 16ths of a mm of depth, then the shape
const STEP = 2 ** 24; // more than there are shapes
let queued = 0;
let drawn = []; // the rows that `at` holds

function drawScene() {
  const { context: ctx, width, height } = scene;
  aim();
  openEye();
  ctx.clearRect(0, 0, width, height);
  drawn = shownRows();
  project();
  if (state.ground) drawGround(ctx);
  if (state.frustum) drawFrustum(ctx);
  if (state.error === "halo") drawHalos(ctx);
  drawPeople(ctx);
  if (!queued) drawNobody(ctx);
  if (state.named) drawNames(ctx);
  drawMeasure(ctx);
  drawRing(ctx, spotIn(scene, state.hover ?? state.pinned));
  drawGizmo(ctx);
  drawScaleBar(ctx);
  placeTooltip();
}

function project() {
  drawn.forEach((row, i) => {
    const [x, y, z] = offset(row);
    let [from, to] = [3 * KEYPOINTS * row, 4 * KEYPOINTS * i];
    for (let k = 0; k < KEYPOINTS; k++, from += 3, to += 4) {
      see(at, to, points[from] + x, points[from + 1] + y, points[from + 2] + z);
      const scale = eye.lens / Math.max(at[to + 2], NEAR);
      at[to] = eye.x + at[to] * scale;
      at[to + 1] = eye.y + at[to + 1] * scale;
      at[to + 3] = scale;
    }
  });
}

function put(shape, depth) {
  queue[queued++] = Math.max(0, Math.round(16 * depth)) * STEP + shape;
}

// All bones and keypoints, far ones first.
function drawPeople(ctx) {
  queued = 0;
  for (let i = 0; i < drawn.length; i++) queuePerson(i);
  const shapes = queue.subarray(0, queued).sort();
  ctx.lineCap = "butt"; // the keypoints are rounder
  for (let n = queued - 1; n >= 0; n--) {
    const shape = shapes[n] % STEP;
    const i = Math.floor(shape / SHAPES);
    const which = shape % SHAPES;
    if (which < EDGES) drawBone(ctx, i, which);
    else if (which < EDGES + KEYPOINTS) drawDot(ctx, i, which - EDGES);
    else if (which < EDGES + KEYPOINTS + data.parts.length) drawPart(ctx, i, which - EDGES - KEYPOINTS);
    else drawSolid(ctx, i, which - EDGES - KEYPOINTS - data.parts.length);
  }
}

function queuePerson(i) {
  const [first, shape, row] = [4 * KEYPOINTS * i, SHAPES * i, drawn[i]];
  const solid = state.volume && state.error !== "halo"; // discs lie around the keypoints, which are inside
  if (solid) queueSolids(i);
  data.parts.forEach(({ keypoints: [start, stop] }, part) => {
    if (!visible(start)) return;
    if (FINE[part] && state.error !== "colour" && at[first + 4 * start + 3] < SMALL) {
      let depth = 0;
      for (let k = start; k < stop; k++) depth += at[first + 4 * k + 2] / (stop - start);
      put(shape + EDGES + KEYPOINTS + part, depth);
      return;
    }
    for (let k = start; k < stop; k++) {
      const depth = at[first + 4 * k + 2];
      if (solid && inSolid[k]) continue;
      if (depth >= NEAR && shows(row, k)) put(shape + EDGES + k, depth - 5 * dotSizes[k][0]); // in front of its own bones
    }
    for (const { place, a, b } of edgesOf[part]) {
      const [p, q] = [at[first + 4 * a + 2], at[first + 4 * b + 2]];
      if (solid && inSolid[a] && inSolid[b]) continue;
      if (shows(row, a) && shows(row, b) && p >= NEAR && q >= NEAR) put(shape + place, (p + q) / 2);
    }
  });
}

// A fine part from afar: its lines as one path, its dots in one colour; a second time for what is inferred.
function drawPart(ctx, i, part) {
  const { part: look, keypoints: [start, stop] } = data.parts[part];
  const [row, first] = [KEYPOINTS * drawn[i], 4 * (KEYPOINTS * i + start)];
  const inks = theme.groupInks[groupOf[start]];
  const [thick, radius] = [BONES[look], DOTS[look]].map(([mm, least, largest]) => clamp(mm * at[first + 3], least, largest));
  for (const seen of [1, 0]) {
    if (!observed.subarray(row + start, row + stop).includes(seen)) continue;
    ctx.lineWidth = thick;
    ctx.strokeStyle = inks[fade(at[first + 2], seen)];
    if (!seen) ctx.setLineDash([thick * 2.2, thick * 1.2]);
    strokePart(ctx, i, part, seen);
    ctx.setLineDash([]);
    ctx.fillStyle = inks[fade(at[first + 2], true)];
    fillPart(ctx, i, part, seen, radius);
    if (seen) continue;
    ctx.fillStyle = theme.stageInk;
    fillPart(ctx, i, part, seen, radius * RING);
  }
}

function strokePart(ctx, i, part, seen) {
  const row = KEYPOINTS * drawn[i];
  ctx.beginPath();
  for (const { a, b } of edgesOf[part]) {
    if (!visible(a) || (observed[row + a] & observed[row + b]) !== seen) continue;
    const [p, q] = [4 * (KEYPOINTS * i + a), 4 * (KEYPOINTS * i + b)];
    ctx.moveTo(at[p], at[p + 1]);
    ctx.lineTo(at[q], at[q + 1]);
  }
  ctx.stroke();
}

function fillPart(ctx, i, part, seen, radius) {
  const [start, stop] = data.parts[part].keypoints;
  for (let k = start; k < stop; k++) {
    const p = 4 * (KEYPOINTS * i + k);
    if (observed[KEYPOINTS * drawn[i] + k] === seen) fillDot(ctx, at[p], at[p + 1], radius, scene.ratio);
  }
}

// Step of fading into the ground: more for what is further away, and for what is inferred.
function fade(depth, seen) {
  const span = Math.max(260, 0.4 * state.distance);
  const far = clamp((depth - state.distance) / span + 0.2, 0, 1) * 0.45;
  return Math.round(((seen ? far : 0.3 + 0.7 * far) / DEEPEST_FADE) * FADES);
}

function drawBone(ctx, i, e) {
  const { a, b, group, look } = edges[e];
  const first = KEYPOINTS * drawn[i];
  const [p, q] = [4 * (KEYPOINTS * i + a), 4 * (KEYPOINTS * i + b)];
  const [px, py, qx, qy] = [at[p], at[p + 1], at[q], at[q + 1]];
  const size = boneSizes[e];
  const thick = clamp((size[0] * (at[p + 3] + at[q + 3])) / 2, size[1], size[2]);
  const seen = observed[first + a] && observed[first + b];
  const level = fade((at[p + 2] + at[q + 2]) / 2, seen);
  const inner = (DOTS[look][2] + 4) / Math.hypot(px - qx, py - qy);
  if (look === "body" && inner < 0.4 && state.error !== "halo") {
    // Clears a margin, so that it shows which of two crossing bones is in front.
    const [dx, dy] = [(qx - px) * inner, (qy - py) * inner];
    stroke(ctx, [px + dx, py + dy], [qx - dx, qy - dy], thick + 4, theme.stageInk);
  }
  ctx.lineWidth = thick;
  ctx.strokeStyle = state.error === "colour"
    ? errorInk((errors[first + a] + errors[first + b]) / 2, level) : theme.groupInks[group][level];
  if (!seen) ctx.setLineDash([thick * 2.2, thick * 1.2]);
  ctx.beginPath();
  ctx.moveTo(px, py);
  ctx.lineTo(qx, qy);
  ctx.stroke();
  if (!seen) ctx.setLineDash([]);
}

// Filled if observed, a ring if inferred.
function drawDot(ctx, i, k) {
  const n = KEYPOINTS * drawn[i] + k;
  const p = 4 * (KEYPOINTS * i + k);
  const level = fade(at[p + 2], true);
  const radius = dotRadius(i, k);
  ctx.fillStyle = state.error === "colour" ? errorInk(errors[n], level) : theme.groupInks[groupOf[k]][level];
  fillDot(ctx, at[p], at[p + 1], radius, scene.ratio);
  if (observed[n]) return;
  ctx.fillStyle = theme.stageInk;
  fillDot(ctx, at[p], at[p + 1], radius * RING, scene.ratio);
}

function dotRadius(i, k) {
  const size = dotSizes[k];
  return clamp(size[0] * at[4 * (KEYPOINTS * i + k) + 3], size[1], size[2]);
}

// One path per colour, so that overlapping halos do not look darker.
function drawHalos(ctx) {
  data.groups.forEach((_, group) => {
    ctx.beginPath();
    drawn.forEach((row, i) => {
      for (const k of keypointsOf[group]) {
        const p = 4 * (KEYPOINTS * i + k);
        if (shows(row, k) && at[p + 2] >= NEAR) circle(ctx, at[p], at[p + 1], errors[KEYPOINTS * row + k] * at[p + 3]);
      }
    });
    ctx.fillStyle = theme.haloInks[group];
    ctx.fill();
  });
}

function drawNobody(ctx) {
  const parts = data.parts.length - state.hiddenParts.size;
  if (parts && drawn.length) return; // they are behind the viewer
  const hidden = !parts || frames[state.frame].rows.length > 0;
  ctx.font = font(14);
  ctx.textAlign = "center";
  ctx.fillStyle = theme.softInk;
  ctx.fillText(hidden ? "Hidden: choose what to show." : "Nobody here.", eye.x, eye.y);
  ctx.textAlign = "left";
}

// The number of each person over their head.
function drawNames(ctx) {
  ctx.font = font(12, 600);
  ctx.textAlign = "center";
  ctx.fillStyle = theme.softInk;
  ctx.strokeStyle = theme.stageInk; // so that they are readable in front of other people
  ctx.lineWidth = 4;
  ctx.lineJoin = "round";
  drawn.forEach((row, i) => {
    let [x, y] = [0, Infinity];
    for (let k = 0; k < KEYPOINTS; k++) {
      const p = 4 * (KEYPOINTS * i + k);
      if (at[p + 2] >= NEAR && at[p + 1] < y) [x, y] = [at[p], at[p + 1]];
    }
    if (y === Infinity) return;
    const name = data.people[data.who[row]].replace("Person ", "");
    ctx.strokeText(name, x, y - 12);
    ctx.fillText(name, x, y - 12);
  });
  ctx.textAlign = "left";
}

// ---------------------------------------------------------------- what is pointed at

// A chosen keypoint {who, k} as pixels of a canvas; null where it is not shown there in this frame.
function spotIn(surface, chosen) {
  const row = chosen && rowOf(chosen.who);
  const i = drawn.indexOf(row);
  if (i < 0 || !shows(row, chosen.k)) return null;
  return surface === scene ? sceneSpot(i, chosen.k) : pictureSpot(row, chosen.k);
}

function sceneSpot(i, k) {
  const p = 4 * (KEYPOINTS * i + k);
  if (at[p + 2] < NEAR) return null;
  return { x: at[p], y: at[p + 1], depth: at[p + 2], radius: dotRadius(i, k), row: drawn[i], k };
}

function drawRing(ctx, spot) {
  if (!spot) return;
  ctx.beginPath();
  circle(ctx, spot.x, spot.y, spot.radius + 4);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = theme.fullInk;
  ctx.stroke();
}

function drawMeasure(ctx) {
  const [from, to] = state.ends.map((end) => spotIn(scene, end));
  [from, to].forEach((spot) => drawRing(ctx, spot));
  if (!from || !to) return;
  ctx.lineCap = "butt";
  stroke(ctx, [from.x, from.y], [to.x, to.y], 4.5, theme.stageInk);
  ctx.setLineDash([6, 4]);
  stroke(ctx, [from.x, from.y], [to.x, to.y], 1.8, theme.fullInk);
  ctx.setLineDash([]);
  drawLabel(ctx, lengthText(), (from.x + to.x) / 2, (from.y + to.y) / 2);
}

// A text in a box around a point.
function drawLabel(ctx, text, x, y) {
  ctx.font = font(13, 620);
  const half = ctx.measureText(text).width / 2 + 8;
  ctx.beginPath();
  ctx.roundRect(x - half, y - 12, 2 * half, 24, 7);
  ctx.fillStyle = theme.fullInk;
  ctx.fill();
  ctx.fillStyle = theme.panelInk;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y + 0.5);
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
}

// The distance between the two ends of the measure, and its expected error if those of the ends are independent.
function lengthText() {
  const length = Math.hypot(...minus(...endsInCamera()));
  const off = Math.hypot(...state.ends.map(({ who, k }) => errors[KEYPOINTS * rowOf(who) + k]));
  return `${length.toFixed(0)} ± ${off.toFixed(0)} mm`;
}

// The two ends in this frame; null while one is missing.
function endsInCamera() {
  const rows = state.ends.map((end) => end && rowOf(end.who));
  if (rows.some((row) => row === null || row === undefined)) return null;
  return state.ends.map((end, i) => inCamera(rows[i], end.k));
}
