// The viewer of one Pose3D. The files of this folder become one script, in the order that html.py names;
// nothing is loaded from elsewhere. Positions are in millimetres, in OpenCV camera axes (x right, y down,
// z away), whatever the frame of the result; `data.matrix` converts them to that frame.
// A row is one person in one frame; `who` numbers the person, in every frame alike. Rows of one person are adjacent.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const KEYPOINTS = data.names.length;
const EDGES = data.edges.length;
const ROWS = data.frame_of.length;
const MISSING = -32768;

const points = await unpack("xyz"); // rows x keypoints x 3, from each person's hips
const translation = await unpack("translation"); // rows x 3, from the camera
for (const triples of [points, translation]) {
  for (let i = 0; i < triples.length; i += 3) triples.set(toCamera(triples.subarray(i, i + 3)), i);
}
const errors = await unpack("error"); // rows x keypoints, mm
const xy = await unpack("xy"); // rows x keypoints x 2, pixels; NaN where missing
const scores = await unpack("scores"); // rows x keypoints
const observed = await unpack("observed"); // rows x keypoints, 0 or 1
const rays = await unpack("rays"); // rows x 3 x 3, from (u, v, 1) to the plane z = 1
const sizes = data.arrays.size && await unpack("size"); // rows x 2, pixels

const frames = data.frames.map((id) => ({ id, rows: [] }));
data.frame_of.forEach((frame, row) => frames[frame].rows.push(row));
const crowded = data.people.length > 1;
const isClip = frames.length > 1 && (data.fps !== null || data.tracked); // else separate images
// The median of the translations: the origin of the scene while people are shown at their positions.
const centre = [0, 1, 2].map((c) => median(Array.from({ length: ROWS }, (_, row) => translation[3 * row + c])));

const partOf = new Uint8Array(KEYPOINTS);
data.parts.forEach(({ keypoints: [start, stop] }, part) => partOf.fill(part, start, stop));
const groupOf = data.group_of.map((group) => data.groups.indexOf(group));
const edges = data.edges.map(([a, b, group, part, look], place) => ({
  place, a, b, look, group: data.groups.indexOf(group), part: data.parts.findIndex((p) => p.part === part),
}));
const keypointsOf = data.groups.map((_, group) => [...groupOf.keys()].filter((k) => groupOf[k] === group));
const edgesIn = data.groups.map((_, group) => edges.filter((edge) => edge.group === group));

const state = {
  frame: 0, view: "oblique", yaw: 0, pitch: 0, distance: 4000, lens: 1000, target: [0, 0, 0], moved: false,
  follow: null, hiddenParts: new Set(), hiddenPeople: new Set(), error: "off", volume: true, unseenFeet: false, ground: true, frustum: false,
  placed: crowded, placedByCamera: false, hover: null, pinned: null, measuring: false, ends: [null, null], playing: false,
  turning: false, named: crowded, photo: true,
};

// An array as html.py packs it: differences from the previous row, as unsigned integers (0, -1, 1, -2, ...), the
// low bytes of all of them first, then the next, deflated.
async function unpack(name) {
  const { type, base64, step } = data.arrays[name];
  const deflated = new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]).stream();
  const inflated = new Response(deflated.pipeThrough(new DecompressionStream("deflate")));
  const bytes = new Uint8Array(await inflated.arrayBuffer());
  const types = { int16: Int16Array, uint16: Uint16Array, uint8: Uint8Array, float32: Float32Array };
  const size = types[type].BYTES_PER_ELEMENT;
  const count = bytes.length / size;
  const across = count / ROWS;
  const whole = new { 1: Int8Array, 2: Int16Array, 4: Int32Array }[size](count); // sums wrap as they did there
  for (let i = 0; i < count; i++) {
    let change = 0;
    for (let b = 0; b < size; b++) change |= bytes[b * count + i] << (8 * b);
    whole[i] = ((change >>> 1) ^ -(change & 1)) + (i < across ? 0 : whole[i - across]);
  }
  const values = new types[type](whole.buffer);
  if (!step) return values;
  return Float32Array.from(values, (v) => (type === "int16" && v === MISSING ? NaN : v * step));
}

function toCamera(p) {
  const m = data.matrix;
  return [0, 1, 2].map((c) => m[0][c] * p[0] + m[1][c] * p[1] + m[2][c] * p[2]);
}

function toFrame(p) {
  return data.matrix.map((axis) => dot(axis, p));
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

// The rows of a frame whose people are not hidden.
function shownRows(frame = frames[state.frame]) {
  return frame.rows.filter((row) => !state.hiddenPeople.has(data.who[row]));
}

function rowOf(who) {
  return frames[state.frame].rows.find((row) => data.who[row] === who);
}

const visible = (k) => !state.hiddenParts.has(partOf[k]);

// The offset that places a row's points in the scene.
function offset(row) {
  return state.placed ? centre.map((v, c) => translation[3 * row + c] - v) : [0, 0, 0];
}

function placedPoint(row, k) {
  const i = 3 * (KEYPOINTS * row + k);
  return offset(row).map((v, c) => v + points[i + c]);
}

// Position relative to the camera, so that distances between people are right even while all share one origin.
function inCamera(row, k) {
  const i = 3 * (KEYPOINTS * row + k);
  return [0, 1, 2].map((c) => points[i + c] + translation[3 * row + c]);
}

const clamp = (v, low, high) => Math.min(high, Math.max(low, v));
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
