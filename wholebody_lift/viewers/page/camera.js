// ---------------------------------------------------------------- the viewpoint of the 3D view

const FIELD_OF_VIEW = 0.42; // radians, of the shorter side; moderate: depth shows and lengths compare
const NEAR = 40; // mm
const OBLIQUE = [-0.5, 0.16]; // from the camera: yaw and pitch in radians of the first view
const PAD = 18; // pixels

const margins = { top: 0, bottom: 44 }; // pixels that the controls and the scale take

// Right, down and forward of the view.
function axes() {
  const [s, c] = [Math.sin(state.yaw), Math.cos(state.yaw)];
  const [sp, cp] = [Math.sin(state.pitch), Math.cos(state.pitch)];
  return [[c, 0, -s], [-sp * s, cp, -sp * c], [s * cp, sp, c * cp]];
}

function standardLens() {
  return Math.min(scene.width, scene.height) / 2 / Math.tan(FIELD_OF_VIEW / 2);
}

const middle = () => [scene.width / 2, (margins.top + scene.height - margins.bottom) / 2];

// The view as plain numbers, set once per drawing, so that projecting thousands of points allocates nothing.
const eye = { axes: new Float64Array(9), target: new Float64Array(3), x: 0, y: 0, lens: 0, distance: 0 };
function openEye() {
  const [x, y] = middle();
  eye.axes.set(axes().flat());
  eye.target.set(state.target);
  Object.assign(eye, { x, y, lens: state.lens, distance: state.distance });
}

// Put a point, as the eye sees it, into an array: mm right, mm down, mm away.
function see(to, i, x, y, z) {
  const { axes: m, target: t } = eye;
  const [dx, dy, dz] = [x - t[0], y - t[1], z - t[2]];
  to[i] = dx * m[0] + dy * m[1] + dz * m[2];
  to[i + 1] = dx * m[3] + dy * m[4] + dz * m[5];
  to[i + 2] = dx * m[6] + dy * m[7] + dz * m[8] + eye.distance;
}

// Add the line between two seen points, at p and q of an array, to the path. It is clipped at the
// near plane, and left out if all of it is nearer.
function addLine(ctx, seen, p, q) {
  const [pz, qz] = [seen[p + 2], seen[q + 2]];
  if (pz >= NEAR && qz >= NEAR) {
    const [near, far] = [eye.lens / pz, eye.lens / qz];
    ctx.moveTo(eye.x + seen[p] * near, eye.y + seen[p + 1] * near);
    ctx.lineTo(eye.x + seen[q] * far, eye.y + seen[q + 1] * far);
  } else if (pz >= NEAR) addLine(ctx, seen, q, p);
  else if (qz >= NEAR) {
    const t = (NEAR - pz) / (qz - pz);
    const [x, y] = [0, 1].map((c) => seen[p + c] + (seen[q + c] - seen[p + c]) * t);
    ctx.moveTo(eye.x + (x * eye.lens) / NEAR, eye.y + (y * eye.lens) / NEAR);
    ctx.lineTo(eye.x + (seen[q] * eye.lens) / qz, eye.y + (seen[q + 1] * eye.lens) / qz);
  }
}

// Everyone in every frame, as x, y, z one after the other: keypoints, and the crowns of heads, which stand out most.
function cloud() {
  const rows = data.who.flatMap((who, row) => (state.hiddenPeople.has(who) ? [] : [row]));
  const each = 3 * (KEYPOINTS + 1);
  const all = new Float32Array(each * Math.max(rows.length, 1));
  rows.forEach((row, i) => {
    const [from, to] = [3 * KEYPOINTS * row, each * i];
    const [x, y, z] = offset(row);
    for (let n = 0; n < 3 * KEYPOINTS; n += 3) {
      all[to + n] = points[from + n] + x;
      all[to + n + 1] = points[from + n + 1] + y;
      all[to + n + 2] = points[from + n + 2] + z;
    }
    all.set(crown(row), to + 3 * KEYPOINTS);
  });
  return all;
}

// Turn to a named view that shows everyone in every frame. The camera's view keeps the
// camera's distance and so its perspective.
function look(view) {
  Object.assign(state, { view, moved: false, follow: null });
  const withCamera = state.frustum && view !== "camera";
  const all = [cloud(), ...(withCamera ? frustum(frames[state.frame].rows[0]).outline : [])];
  const [low, high] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]];
  for (const some of all) {
    for (let n = 0; n < some.length; n++) {
      if (some[n] < low[n % 3]) low[n % 3] = some[n];
      if (some[n] > high[n % 3]) high[n % 3] = some[n];
    }
  }
  state.target = low.map((v, c) => (v + high[c]) / 2);
  if (view === "camera") {
    const [x, y, z] = add(state.target, centre);
    [state.yaw, state.pitch] = [Math.atan2(x, z), Math.atan2(y, Math.hypot(x, z))];
    state.distance = Math.hypot(x, y, z);
  } else {
    [state.yaw, state.pitch] = view === "oblique" ? OBLIQUE : data.views[view];
    state.lens = standardLens();
  }
  fit(all, view === "camera");
  markViews();
  redraw({ picture: false });
}

// Make lists of points fill the canvas, by changing the lens (the distance stays) or else the distance.
function fit(all, byLens) {
  const room = [scene.width / 2 - PAD, (scene.height - margins.top - margins.bottom) / 2 - PAD / 2];
  const [right, down, forward] = axes();
  const [tx, ty, tz] = state.target;
  let [steepest, distance] = [1e-9, 400];
  for (const some of all) {
    for (let n = 0; n < some.length; n += 3) {
      const [x, y, z] = [some[n] - tx, some[n + 1] - ty, some[n + 2] - tz];
      const aside = Math.abs(x * right[0] + y * right[1] + z * right[2]) / room[0];
      const below = Math.abs(x * down[0] + y * down[1] + z * down[2]) / room[1];
      const away = x * forward[0] + y * forward[1] + z * forward[2];
      steepest = Math.max(steepest, Math.max(aside, below) / Math.max(away + state.distance, NEAR));
      distance = Math.max(distance, state.lens * Math.max(aside, below) - away);
    }
  }
  if (byLens) state.lens = 1 / steepest;
  else state.distance = distance;
}

// Until the user touches a playing clip, its view swings slowly, which makes depth visible.
const SWING = { radians: 0.6, seconds: 16 };
let swung = { start: null, by: 0 };
function swing(now) {
  if (swung.start === null) swung.start = now;
  const by = SWING.radians * Math.sin((2 * Math.PI * (now - swung.start)) / 1000 / SWING.seconds);
  state.yaw += by - swung.by;
  swung.by = by;
  redraw({ picture: false });
}

function stopSwing() {
  state.turning = false;
}

function orbit(dx, dy) {
  state.yaw += dx;
  state.pitch = clamp(state.pitch + dy, -Math.PI / 2, Math.PI / 2);
  Object.assign(state, { view: null, moved: true });
  markViews();
  redraw({ picture: false });
}

function pan(dx, dy) {
  const [right, down] = axes();
  const k = state.distance / state.lens;
  state.target = state.target.map((v, c) => v - k * (dx * right[c] + dy * down[c]));
  Object.assign(state, { follow: null, moved: true });
  redraw({ picture: false });
}

function zoom(factor) {
  state.distance = clamp(state.distance * factor, 150, 200000);
  state.moved = true;
  redraw({ picture: false });
}

// Go close to some keypoints of a person and stay with them from frame to frame.
function follow(who, keypoints) {
  state.follow = { who, keypoints };
  const row = rowOf(who);
  if (row === undefined) return;
  aim();
  const reach = keypoints.reduce((r, k) => Math.max(r, Math.hypot(...minus(placedPoint(row, k), state.target))), 90);
  state.lens = standardLens();
  state.distance = clamp((reach * 2.3 * state.lens) / Math.min(scene.width, scene.height), 150, 200000) + reach;
  state.moved = true;
  redraw({ picture: false });
}

function aim() {
  const row = state.follow && rowOf(state.follow.who);
  if (row === undefined || row === null) return;
  const all = state.follow.keypoints.map((k) => placedPoint(row, k));
  state.target = all.reduce(add).map((v) => v / all.length);
}
