// ---------------------------------------------------------------- ground, camera, axes and scale

const GRID_CELLS = 8; // from the middle to the edge
const GRID_LINES = 2 * GRID_CELLS - 1; // of each direction
const STOPS = 2 * GRID_SHADES.length; // where a line changes its shade, from end to end
const GROUNDED = 0.95; // of the frames have no keypoint below the ground
const IMAGE_DEPTH = 0.3; // where the frustum's image stands, as a part of the way to the people

const bodyEdges = edges.filter(({ look }) => look === "body");
const bodyKeypoints = [...new Set(bodyEdges.flatMap(({ a, b }) => [a, b]))];

// Seen points, reused from frame to frame.
const gridStops = new Float64Array(3 * 2 * GRID_LINES * STOPS);
const gridReach = new Float64Array(GRID_CELLS * GRID_SHADES.length); // of a line so many cells from the middle
const flat = new Float64Array(3 * KEYPOINTS * most); // keypoints on the ground or on the image
for (let line = 0; line < GRID_CELLS; line++) {
  GRID_SHADES.forEach((_, n) => {
    const radius = (GRID_CELLS * (n + 1)) / GRID_SHADES.length;
    gridReach[line * GRID_SHADES.length + n] = Math.sqrt(Math.max(0, radius * radius - line * line));
  });
}

// Level of the ground: the lowest keypoint of the frame; if people move through space, that of most frames, so
// that one bad frame does not lift everyone off the ground.
let ground = null;
function floor() {
  if (!state.placed && frames[state.frame].rows.length) return lowest(frames[state.frame]);
  if (ground === null && data.floor !== null) ground = data.floor - centre[1];
  if (ground === null) {
    const levels = frames.map(lowest).sort((a, b) => a - b);
    ground = levels[Math.round(GROUNDED * (levels.length - 1))];
  }
  return ground;
}

// The level of the lowest keypoint of a frame.
function lowest({ rows }) {
  let level = -Infinity;
  for (const row of rows) {
    const [, down] = offset(row);
    for (let k = 0; k < KEYPOINTS; k++) level = Math.max(level, points[3 * (KEYPOINTS * row + k) + 1] + down);
  }
  return level;
}

// 1, 2 or 5 times a power of ten, not above `largest`.
function round125(largest) {
  const power = 10 ** Math.floor(Math.log10(largest));
  return power * [5, 2, 1].find((m) => m * power <= largest);
}

const gridStep = () =>
  Math.max(100, round125((state.distance * Math.min(scene.width, scene.height)) / state.lens / 4));

const reachOf = (line, shade) => gridReach[Math.abs(line) * GRID_SHADES.length + shade];

function drawGround(ctx) {
  const level = floor();
  seeGrid(level);
  drawGrid(ctx);
  drawShadows(ctx, level);
}

// The points at which the lines of the grid change their shade.
function seeGrid(level) {
  const step = gridStep();
  const [x0, z0] = [0, 2].map((c) => Math.round(state.target[c] / step) * step);
  const shades = GRID_SHADES.length;
  let to = 0;
  for (const along of [true, false]) {
    for (let line = 1 - GRID_CELLS; line < GRID_CELLS; line++) {
      for (let stop = 0; stop < STOPS; stop++, to += 3) {
        const out = step * (stop < shades ? -reachOf(line, shades - 1 - stop) : reachOf(line, stop - shades));
        if (along) see(gridStops, to, x0 + line * step, level, z0 + out);
        else see(gridStops, to, x0 + out, level, z0 + line * step);
      }
    }
  }
}

// The grid fades with the distance from the middle; all pieces of one shade are one path.
function drawGrid(ctx) {
  const shades = GRID_SHADES.length;
  ctx.lineCap = "butt";
  ctx.lineWidth = 1;
  for (let shade = 0; shade < shades; shade++) {
    ctx.beginPath();
    for (let line = 0; line < 2 * GRID_LINES; line++) {
      const away = (line % GRID_LINES) + 1 - GRID_CELLS;
      if (shade && reachOf(away, shade) === reachOf(away, shade - 1)) continue;
      const first = 3 * STOPS * line;
      const [left, right] = [first + 3 * (shades - 1 - shade), first + 3 * (shades + shade)];
      if (shade === 0) addLine(ctx, gridStops, left, right);
      else {
        addLine(ctx, gridStops, left, left + 3);
        addLine(ctx, gridStops, right - 3, right);
      }
    }
    ctx.strokeStyle = theme.gridInks[shade];
    ctx.stroke();
  }
}

// Where each person stands: the body seen straight from above, on the ground.
function drawShadows(ctx, level) {
  ctx.lineCap = ctx.lineJoin = "round";
  ctx.strokeStyle = theme.shadowInk;
  ctx.lineWidth = clamp((26 * state.lens) / state.distance, 3, 14);
  for (const row of drawn) {
    const [x, , z] = offset(row);
    for (const k of bodyKeypoints) {
      const i = 3 * (KEYPOINTS * row + k);
      see(flat, 3 * k, points[i] + x, level, points[i + 2] + z);
    }
    ctx.beginPath();
    for (const { a, b } of bodyEdges) if (shows(row, a) && shows(row, b)) addLine(ctx, flat, 3 * a, 3 * b);
    ctx.stroke();
  }
}

// The camera of a row's image, while people are at their positions: its position, the corners of its image, and
// the map from pixels to points on that image.
function frustum(row) {
  const place = centre.map((v) => -v);
  const depth = IMAGE_DEPTH * Math.hypot(...centre);
  const m = rays.subarray(9 * row, 9 * row + 9);
  const onImage = (u, v, act) => {
    const ray = [0, 3, 6].map((c) => m[c] * u + m[c + 1] * v + m[c + 2]);
    const far = depth / dot(ray, data.axis);
    return act(...place.map((v0, c) => v0 + ray[c] * far));
  };
  const [left, top, width, height] = imageBox(frames[data.frame_of[row]]);
  const corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
    .map((corner) => onImage(...corner, (...point) => point));
  return { onImage, outline: [place, ...corners] };
}

const OUTLINE = [[1, 2], [2, 3], [3, 4], [4, 1], [0, 1], [0, 2], [0, 3], [0, 4]]; // of the corners, 0 the camera

function drawFrustum(ctx) {
  const { outline, onImage } = frustum(frames[state.frame].rows[0]);
  outline.forEach((point, i) => see(flat, 3 * i, ...point));
  const [x, y, away] = flat;
  ctx.lineCap = "round";
  ctx.lineWidth = 1.4;
  ctx.strokeStyle = theme.frustumInk;
  ctx.beginPath();
  for (const [a, b] of OUTLINE) if (a || away > NEAR) addLine(ctx, flat, 3 * a, 3 * b);
  ctx.stroke();
  drawImage(ctx, onImage);
  if (away <= NEAR) return;
  const [left, top] = [eye.x + (x * eye.lens) / away, eye.y + (y * eye.lens) / away];
  ctx.fillStyle = theme.softInk;
  fillDot(ctx, left, top, 3.5, scene.ratio);
  ctx.font = font(12);
  ctx.fillText("camera", left + 8, top - 7);
}

// The 2D input on the image of the frustum.
function drawImage(ctx, onImage) {
  let to = 0;
  const land = (x, y, z) => see(flat, to, x, y, z);
  drawn.forEach((row) => {
    for (let n = KEYPOINTS * row; n < KEYPOINTS * (row + 1); n++, to += 3) onImage(xy[2 * n], xy[2 * n + 1], land);
  });
  ctx.lineWidth = 1;
  edgesIn.forEach((some, group) => {
    ctx.beginPath();
    drawn.forEach((row, i) => {
      for (const { a, b } of some) {
        if (!visible(a) || !visible(b) || !seen2d(row, a) || !seen2d(row, b)) continue;
        addLine(ctx, flat, 3 * (KEYPOINTS * i + a), 3 * (KEYPOINTS * i + b));
      }
    });
    ctx.strokeStyle = theme.flatInks[group];
    ctx.stroke();
  });
}

function drawGizmo(ctx) {
  const arm = scene.height < 460 ? 19 : 27;
  const origin = [21 + arm, scene.height - 51 - arm];
  const view = axes();
  const arms = data.matrix.map((axis, i) => ({ i, tip: view.map((v) => dot(v, axis)) }));
  arms.sort((a, b) => b.tip[2] - a.tip[2]);
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const { i, tip } of arms) {
    const colour = paint(mix(theme.axes[i], theme.stage, clamp(tip[2] * 0.3, 0, 1)));
    stroke(ctx, origin, [origin[0] + arm * tip[0], origin[1] + arm * tip[1]], 2, colour);
    ctx.fillStyle = colour;
    ctx.font = font(12, 600);
    const reach = Math.hypot(tip[0], tip[1]) < 0.2 ? 0 : arm + 10;
    const aside = reach ? [0, 0] : [9, 9];
    ctx.fillText("xyz"[i], origin[0] + reach * tip[0] + aside[0], origin[1] + reach * tip[1] + aside[1]);
  }
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.fillStyle = theme.softInk;
  ctx.font = font(12);
  ctx.fillText(`${data.frame} axes`, 16, scene.height - 14);
}

function drawScaleBar(ctx) {
  const scale = state.lens / state.distance;
  const mm = round125(120 / scale);
  const [right, y] = [scene.width - 18, scene.height - 34];
  const left = right - mm * scale;
  const colour = theme.barInk;
  stroke(ctx, [left, y], [right, y], 1.5, colour);
  [left, right].forEach((x) => stroke(ctx, [x, y - 4], [x, y + 4], 1.5, colour));
  ctx.fillStyle = theme.fullInk;
  ctx.font = font(12, 560);
  ctx.textAlign = "right";
  ctx.fillText(`${mm} mm`, right, y - 9);
  ctx.fillStyle = theme.softInk;
  ctx.font = font(12);
  if (state.ground) ctx.fillText(`grid ${gridStep()} mm`, right, scene.height - 14);
  ctx.textAlign = "left";
}
