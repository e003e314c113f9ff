// ---------------------------------------------------------------- the 3D scene

// Sizes in mm, with the least and most pixels that they are drawn with.
const HAND_DOTS = [4.6, 1.5, 5.5];
const HAND_BONES = [3.6, 1.2, 3.8];
const DOTS = {
  body: [12, 3, 7], head: [5, 1.8, 5], feet: [9, 2.4, 6], face: [2.4, 0.9, 4.5],
  left_hand: HAND_DOTS, right_hand: HAND_DOTS,
};
const BONES = {
  body: [10, 2.6, 6.5], head: [3.4, 1.3, 3.4], feet: [7, 1.8, 4.5], face: [2.2, 0.9, 3],
  left_hand: HAND_BONES, right_hand: HAND_BONES,
};
const GRID_CELLS = 8; // from the middle to the edge
const GRID_SHADES = [0.36, 0.31, 0.26, 0.2, 0.14, 0.08]; // opacity from the middle outwards
const IMAGE_DEPTH = 0.3; // where the frustum's image stands, as a part of the way to the people

// Parts of many keypoints, each drawn as one shape while it is small: far fewer strokes, and no eye sees it.
const FINE = data.parts.map(({ part }) => ["face", "left_hand", "right_hand"].includes(part));
const SMALL = 0.6; // pixels per mm
const edgesOf = data.parts.map((_, part) => edges.filter((edge) => edge.part === part));

// Reused from frame to frame. The shapes of a row are its bones, its keypoints and its fine parts.
const SHAPES = EDGES + KEYPOINTS + data.parts.length;
const most = frames.reduce((n, frame) => Math.max(n, frame.rows.length), 0);
const at = new Float32Array(most * KEYPOINTS * 4); // pixel x, pixel y, depth in mm, pixels per mm
const depths = new Float32Array(most * SHAPES);
const order = new Uint32Array(most * SHAPES);
let drawn = []; // the rows that `at` holds

function drawScene() {
  const { context: ctx, width, height } = scene;
  aim();
  ctx.clearRect(0, 0, width, height);
  drawn = shownRows();
  project();
  const [see, toPixel] = [viewer(), projector()];
  if (state.ground) drawGround(ctx, see, toPixel);
  if (state.frustum) drawFrustum(ctx, see, toPixel);
  if (state.error === "halo") drawHalos(ctx);
  drawPeople(ctx);
  if (crowded) drawNames(ctx);
  drawMeasure(ctx);
  drawRing(ctx, spotIn(scene, state.hover ?? state.pinned));
  drawGizmo(ctx);
  drawScaleBar(ctx);
  placeTooltip();
}

function project() {
  const [right, down, forward] = axes();
  const [x0, y0] = middle();
  drawn.forEach((row, i) => {
    const o = minus(offset(row), state.target);
    for (let k = 0; k < KEYPOINTS; k++) {
      const from = 3 * (KEYPOINTS * row + k);
      const to = 4 * (KEYPOINTS * i + k);
      const [x, y, z] = [points[from] + o[0], points[from + 1] + o[1], points[from + 2] + o[2]];
      const away = x * forward[0] + y * forward[1] + z * forward[2] + state.distance;
      const scale = state.lens / Math.max(away, NEAR);
      at[to] = x0 + (x * right[0] + y * right[1] + z * right[2]) * scale;
      at[to + 1] = y0 + (x * down[0] + y * down[1] + z * down[2]) * scale;
      at[to + 2] = away;
      at[to + 3] = scale;
    }
  });
}

// All bones and keypoints, far ones first.
function drawPeople(ctx) {
  let count = 0;
  drawn.forEach((_, i) => {
    const first = 4 * KEYPOINTS * i;
    const put = (shape, depth) => {
      depths[SHAPES * i + shape] = depth;
      order[count++] = SHAPES * i + shape;
    };
    const whole = data.parts.map(({ keypoints: [start] }, part) =>
      FINE[part] && state.error !== "colour" && at[first + 4 * start + 3] < SMALL);
    edges.forEach(({ a, b, part }, e) => {
      const [p, q] = [first + 4 * a + 2, first + 4 * b + 2];
      if (whole[part] || !visible(a) || !visible(b) || at[p] < NEAR || at[q] < NEAR) return;
      put(e, (at[p] + at[q]) / 2);
    });
    for (let k = 0; k < KEYPOINTS; k++) {
      const p = first + 4 * k + 2;
      if (whole[partOf[k]] || !visible(k) || at[p] < NEAR) continue;
      put(EDGES + k, at[p] - 5 * DOTS[data.looks[k]][0]); // in front of its own bones
    }
    data.parts.forEach(({ keypoints: [start, stop] }, part) => {
      if (!whole[part] || !visible(start)) return;
      let depth = 0;
      for (let k = start; k < stop; k++) depth += at[first + 4 * k + 2] / (stop - start);
      put(EDGES + KEYPOINTS + part, depth);
    });
  });
  ctx.lineCap = "round";
  for (const shape of order.subarray(0, count).sort((a, b) => depths[b] - depths[a])) {
    const i = Math.floor(shape / SHAPES);
    const which = shape % SHAPES;
    if (which < EDGES) drawBone(ctx, i, which);
    else if (which < EDGES + KEYPOINTS) drawDot(ctx, i, which - EDGES);
    else drawPart(ctx, i, which - EDGES - KEYPOINTS);
  }
}

// A fine part from afar: its lines and dots in two paths, four where some of it is inferred.
function drawPart(ctx, i, part) {
  const { part: look, keypoints: [start, stop] } = data.parts[part];
  const [row, first] = [KEYPOINTS * drawn[i], 4 * KEYPOINTS * i];
  const scale = at[first + 4 * start + 3];
  const thick = clamp(BONES[look][0] * scale, BONES[look][1], BONES[look][2]);
  const radius = clamp(DOTS[look][0] * scale, DOTS[look][1], DOTS[look][2]);
  const inks = theme.groupInks[groupOf[start]];
  const depth = at[first + 4 * start + 2];
  for (const seen of [1, 0]) {
    let some = false;
    ctx.beginPath();
    for (const { a, b } of edgesOf[part]) {
      if (!visible(a) || (observed[row + a] & observed[row + b]) !== seen) continue;
      const [p, q] = [first + 4 * a, first + 4 * b];
      ctx.moveTo(at[p], at[p + 1]);
      ctx.lineTo(at[q], at[q + 1]);
      some = true;
    }
    ctx.lineWidth = thick;
    ctx.strokeStyle = inks[fade(depth, seen)];
    if (!seen) ctx.setLineDash([thick * 1.2, thick * 1.9]);
    if (some) ctx.stroke();
    ctx.setLineDash([]);
    some = false;
    ctx.beginPath();
    for (let k = start; k < stop; k++) {
      if (observed[row + k] !== seen) continue;
      circle(ctx, at[first + 4 * k], at[first + 4 * k + 1], seen ? radius : radius * 0.85);
      some = true;
    }
    if (some) fillDots(ctx, inks[fade(depth, true)], seen, radius);
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
  const [mm, least, largest] = BONES[look];
  const thick = clamp((mm * (at[p + 3] + at[q + 3])) / 2, least, largest);
  const seen = observed[first + a] && observed[first + b];
  const level = fade((at[p + 2] + at[q + 2]) / 2, seen);
  const inner = (DOTS[look][2] + 4) / Math.hypot(px - qx, py - qy);
  if (look === "body" && inner < 0.4 && state.error !== "halo") {
    // Clears a margin, so that it shows which of two crossing bones is in front.
    const [dx, dy] = [(qx - px) * inner, (qy - py) * inner];
    ctx.lineCap = "butt";
    stroke(ctx, [px + dx, py + dy], [qx - dx, qy - dy], thick + 4, theme.stageInk);
    ctx.lineCap = "round";
  }
  ctx.lineWidth = thick;
  ctx.strokeStyle = state.error === "colour"
    ? errorInk((errors[first + a] + errors[first + b]) / 2, level) : theme.groupInks[group][level];
  if (!seen) ctx.setLineDash([thick * 1.2, thick * 1.9]);
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
  const ink = state.error === "colour" ? errorInk(errors[n], level) : theme.groupInks[groupOf[k]][level];
  const radius = dotRadius(i, k);
  ctx.beginPath();
  ctx.arc(at[p], at[p + 1], observed[n] ? radius : radius * 0.85, 0, 2 * Math.PI);
  fillDots(ctx, ink, observed[n], radius);
}

function fillDots(ctx, ink, seen, radius) {
  ctx.fillStyle = seen ? ink : theme.stageInk;
  ctx.fill();
  if (seen) return;
  ctx.lineWidth = Math.max(1, radius * 0.4);
  ctx.strokeStyle = ink;
  ctx.stroke();
}

function dotRadius(i, k) {
  const [mm, least, largest] = DOTS[data.looks[k]];
  return clamp(mm * at[4 * (KEYPOINTS * i + k) + 3], least, largest);
}

// One path per person and colour, so that halos that overlap do not add up.
function drawHalos(ctx) {
  drawn.forEach((row, i) => data.groups.forEach((_, group) => {
    ctx.beginPath();
    for (let k = 0; k < KEYPOINTS; k++) {
      const p = 4 * (KEYPOINTS * i + k);
      if (groupOf[k] !== group || !visible(k) || at[p + 2] < NEAR) continue;
      circle(ctx, at[p], at[p + 1], errors[KEYPOINTS * row + k] * at[p + 3]);
    }
    ctx.fillStyle = paint(theme.groups[group], 0.16);
    ctx.fill();
  }));
}

// The number of each person over their head.
function drawNames(ctx) {
  ctx.font = font(12, 600);
  ctx.textAlign = "center";
  ctx.fillStyle = paint(theme.soft);
  drawn.forEach((row, i) => {
    let [x, y] = [0, Infinity];
    for (let k = 0; k < KEYPOINTS; k++) {
      const p = 4 * (KEYPOINTS * i + k);
      if (at[p + 2] >= NEAR && at[p + 1] < y) [x, y] = [at[p], at[p + 1]];
    }
    if (y < Infinity) ctx.fillText(data.people[data.who[row]].replace("Person ", ""), x, y - 12);
  });
  ctx.textAlign = "left";
}

// ---------------------------------------------------------------- ground, camera and scale

// Level of the ground: the lowest keypoint of the frame, or of all frames where people move through space.
let lowest = null;
function floor() {
  const low = (row) => {
    let y = -Infinity;
    for (let k = 0; k < KEYPOINTS; k++) y = Math.max(y, points[3 * (KEYPOINTS * row + k) + 1]);
    return y + offset(row)[1];
  };
  if (!state.placed) return Math.max(...frames[state.frame].rows.map(low));
  lowest ??= data.frame_of.reduce((y, _, row) => Math.max(y, low(row)), -Infinity);
  return lowest;
}

// 1, 2 or 5 times a power of ten, not above `largest`.
function round125(largest) {
  const power = 10 ** Math.floor(Math.log10(largest));
  return power * [5, 2, 1].find((m) => m * power <= largest);
}

const gridStep = () =>
  Math.max(100, round125((state.distance * Math.min(scene.width, scene.height)) / state.lens / 4));

function drawGround(ctx, see, toPixel) {
  const level = floor();
  const step = gridStep();
  const [x0, z0] = [0, 2].map((c) => Math.round(state.target[c] / step) * step);
  // Fades with the distance from the middle: one path for all pieces of a shade.
  const paths = GRID_SHADES.map(() => new Path2D());
  const rule = (shade, a, b) => {
    const ends = segment(toPixel, see(a), see(b));
    if (!ends) return;
    paths[shade].moveTo(...ends[0]);
    paths[shade].lineTo(...ends[1]);
  };
  for (let i = 1 - GRID_CELLS; i < GRID_CELLS; i++) {
    // Where this line crosses the circles between the shades, from the middle of the line outwards.
    const reach = GRID_SHADES.map((_, n) => {
      const radius = (GRID_CELLS * (n + 1)) / GRID_SHADES.length;
      return step * Math.sqrt(Math.max(0, radius * radius - i * i));
    });
    reach.forEach((far, shade) => {
      const near = shade ? reach[shade - 1] : 0;
      if (far === near) return;
      for (const [from, to] of near ? [[near, far], [-far, -near]] : [[-far, far]]) {
        rule(shade, [x0 + i * step, level, z0 + from], [x0 + i * step, level, z0 + to]);
        rule(shade, [x0 + from, level, z0 + i * step], [x0 + to, level, z0 + i * step]);
      }
    });
  }
  ctx.lineCap = "butt";
  ctx.lineWidth = 1;
  paths.forEach((path, shade) => {
    ctx.strokeStyle = paint(theme.grid, GRID_SHADES[shade]);
    ctx.stroke(path);
  });
  drawShadows(ctx, see, toPixel, level);
}

// Where each person stands: the body seen straight from above, on the ground.
function drawShadows(ctx, see, toPixel, level) {
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.strokeStyle = theme.shadowInk;
  ctx.lineWidth = clamp((26 * state.lens) / state.distance, 3, 14);
  for (const row of drawn) {
    ctx.beginPath();
    for (const { a, b, look } of edges) {
      if (look !== "body" || !visible(a)) continue;
      const [p, q] = [placedPoint(row, a), placedPoint(row, b)];
      p[1] = q[1] = level;
      const ends = segment(toPixel, see(p), see(q));
      if (!ends) continue;
      ctx.moveTo(...ends[0]);
      ctx.lineTo(...ends[1]);
    }
    ctx.stroke();
  }
}

// The camera of a row's image, people being placed in space: its place, the corners of its image and how pixels
// come to lie on that.
function frustum(row) {
  const eye = centre.map((v) => -v);
  const depth = IMAGE_DEPTH * Math.hypot(...centre);
  const m = rays.subarray(9 * row, 9 * row + 9);
  const onImage = (u, v) => {
    const [x, y, z] = [0, 3, 6].map((i) => m[i] * u + m[i + 1] * v + m[i + 2]);
    return add(eye, [(x / z) * depth, (y / z) * depth, depth]);
  };
  const [left, top, width, height] = imageBox(frames[data.frame_of[row]]);
  const corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
    .map((corner) => onImage(...corner));
  return { eye, corners, onImage, outline: [eye, ...corners] };
}

function drawFrustum(ctx, see, toPixel) {
  const rows = frames[state.frame].rows;
  const { eye, corners, onImage } = frustum(rows[0]);
  const draw = (pairs) => {
    ctx.beginPath();
    for (const [a, b] of pairs) {
      const ends = segment(toPixel, see(a), see(b));
      if (!ends) continue;
      ctx.moveTo(...ends[0]);
      ctx.lineTo(...ends[1]);
    }
    ctx.stroke();
  };
  ctx.lineCap = "round";
  ctx.lineWidth = 1.4;
  ctx.strokeStyle = paint(theme.soft, 0.75);
  const round = corners.map((corner, i) => [corner, corners[(i + 1) % 4]]);
  draw([...round, ...(see(eye)[2] > NEAR ? corners.map((corner) => [eye, corner]) : [])]);
  for (const row of drawn) {
    const flat = (k) => onImage(xy[2 * (KEYPOINTS * row + k)], xy[2 * (KEYPOINTS * row + k) + 1]);
    const known = edges.filter(({ a, b }) => visible(a) && visible(b) && seen2d(row, a) && seen2d(row, b));
    data.groups.forEach((_, group) => {
      ctx.lineWidth = 1.1;
      ctx.strokeStyle = paint(theme.groups[group], 0.8);
      draw(known.filter((edge) => edge.group === group).map(({ a, b }) => [flat(a), flat(b)]));
    });
  }
  const place = see(eye);
  if (place[2] <= NEAR) return;
  const [x, y] = toPixel(place);
  ctx.beginPath();
  circle(ctx, x, y, 3.5);
  ctx.fillStyle = paint(theme.soft);
  ctx.fill();
  ctx.font = font(12);
  ctx.fillText("camera", x + 8, y - 7);
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
    stroke(ctx, origin, [origin[0] + 27 * tip[0], origin[1] + 27 * tip[1]], 2, colour);
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
  const scale = state.lens / state.distance;
  const mm = round125(120 / scale);
  const [right, y] = [scene.width - 18, scene.height - 34];
  const left = right - mm * scale;
  const colour = paint(theme.ink, 0.75);
  stroke(ctx, [left, y], [right, y], 1.5, colour);
  [left, right].forEach((x) => stroke(ctx, [x, y - 4], [x, y + 4], 1.5, colour));
  ctx.fillStyle = paint(theme.ink);
  ctx.font = font(12, 560);
  ctx.textAlign = "right";
  ctx.fillText(`${mm} mm`, right, y - 9);
  ctx.fillStyle = paint(theme.soft);
  ctx.font = font(12);
  if (state.ground) ctx.fillText(`grid ${gridStep()} mm`, right, scene.height - 14);
  ctx.textAlign = "left";
}

// ---------------------------------------------------------------- what is pointed at

// A chosen keypoint {who, k} as pixels of a canvas; null where it is not shown there in this frame.
function spotIn(surface, chosen) {
  const row = chosen && rowOf(chosen.who);
  const i = drawn.indexOf(row);
  if (i < 0 || !visible(chosen.k)) return null;
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
  ctx.strokeStyle = paint(theme.ink);
  ctx.stroke();
}

function drawMeasure(ctx) {
  const [from, to] = state.ends.map((end) => spotIn(scene, end));
  [from, to].forEach((spot) => drawRing(ctx, spot));
  const length = distance();
  if (!from || !to || length === null) return;
  ctx.lineCap = "butt";
  stroke(ctx, [from.x, from.y], [to.x, to.y], 4.5, theme.stageInk);
  ctx.setLineDash([6, 4]);
  stroke(ctx, [from.x, from.y], [to.x, to.y], 1.8, paint(theme.ink));
  ctx.setLineDash([]);
  const text = `${length.toFixed(1)} mm`;
  ctx.font = font(13, 620);
  const [x, y, half] = [(from.x + to.x) / 2, (from.y + to.y) / 2, ctx.measureText(text).width / 2 + 8];
  ctx.beginPath();
  ctx.roundRect(x - half, y - 12, 2 * half, 24, 7);
  ctx.fillStyle = paint(theme.ink);
  ctx.fill();
  ctx.fillStyle = paint(theme.panel);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(text, x, y + 0.5);
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
}

// Millimetres between the two ends of the measure in this frame; null while one is missing.
function distance() {
  const ends = endsInCamera();
  return ends && Math.hypot(...minus(...ends));
}

function endsInCamera() {
  const rows = state.ends.map((end) => end && rowOf(end.who));
  if (rows.some((row) => row === null || row === undefined)) return null;
  return state.ends.map((end, i) => inCamera(rows[i], end.k));
}
