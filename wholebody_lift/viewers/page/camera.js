// ---------------------------------------------------------------- where the 3D view is seen from

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

// A function from mm to [mm right, mm down, mm away] as seen from the view.
function viewer() {
  const [right, down, forward] = axes();
  return (p) => {
    const q = minus(p, state.target);
    return [dot(q, right), dot(q, down), dot(q, forward) + state.distance];
  };
}

// A function from there to [pixel x, pixel y].
function projector() {
  const [x, y] = middle();
  return ([right, down, away]) => {
    const scale = state.lens / Math.max(away, NEAR);
    return [x + right * scale, y + down * scale];
  };
}

// The ends of a segment, seen from the view, as pixels; cut where it comes too near, null if all of it does.
function segment(toPixel, p, q) {
  if (p[2] < NEAR && q[2] < NEAR) return null;
  const cut = (near, far) => near.map((v, c) => v + ((far[c] - v) * (NEAR - near[2])) / (far[2] - near[2]));
  if (p[2] < NEAR) p = cut(p, q);
  else if (q[2] < NEAR) q = cut(q, p);
  return [toPixel(p), toPixel(q)];
}

// Everybody in every frame, as x, y, z after one another.
function cloud() {
  const rows = data.who.flatMap((who, row) => (state.hiddenPeople.has(who) ? [] : [row]));
  const all = new Float32Array(3 * KEYPOINTS * Math.max(rows.length, 1));
  rows.forEach((row, i) => {
    const [from, to] = [3 * KEYPOINTS * row, 3 * KEYPOINTS * i];
    const [x, y, z] = offset(row);
    for (let n = 0; n < 3 * KEYPOINTS; n += 3) {
      all[to + n] = points[from + n] + x;
      all[to + n + 1] = points[from + n + 1] + y;
      all[to + n + 2] = points[from + n + 2] + z;
    }
  });
  return all;
}

// Turn to a named view and move so that everybody, in every frame, is inside. The camera's view keeps the
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

// Let lists of points fill the canvas: by the lens where the distance is to stay, else by the distance.
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
