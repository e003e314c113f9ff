// ---------------------------------------------------------------- bodies with volume

// The solids of viewers/solids.py: hulls of balls, each in the middle of some keypoints, with a radius in mm.
const SOLIDS = data.solids.map((solid) => ({
  ...solid, group: data.groups.indexOf(solid.group), part: data.parts.findIndex(({ part }) => part === solid.part),
}));

const FAINT = 0.32; // opacity of a limb that was inferred
const ROUND = 24; // corners of a ball's outline
const CIRCLE = Array.from({ length: ROUND }, (_, n) => [Math.cos((2 * Math.PI * n) / ROUND), Math.sin((2 * Math.PI * n) / ROUND)]);
const LEAST_RADIUS = 1.4; // pixels

const inSolid = new Uint8Array(KEYPOINTS); // they are not drawn beside the solids
for (const k of data.covered) inSolid[k] = 1;

const unseen = data.unseen.map((keypoints) => new Set(keypoints)); // of each person
const anyUnseen = unseen.some((feet) => feet.size > 0);
const shows = (row, k) => visible(k) && (state.unseenFeet || !unseen[data.who[row]].has(k));

function queueSolids(i) {
  SOLIDS.forEach(({ part, keypoints }, n) => {
    if (state.hiddenParts.has(part)) return;
    if (!state.unseenFeet && keypoints.some((k) => unseen[data.who[drawn[i]]].has(k))) return;
    let depth = 0;
    for (const k of keypoints) {
      const away = at[4 * (KEYPOINTS * i + k) + 2];
      if (away < NEAR) return;
      depth += away / keypoints.length;
    }
    put(SHAPES * i + EDGES + KEYPOINTS + data.parts.length + n, depth);
  });
}

function drawSolid(ctx, i, n) {
  const { balls, keypoints } = SOLIDS[n];
  const places = balls.map((ball) => placeBall(i, ball));
  const seen = keypoints.filter((k) => observed[KEYPOINTS * drawn[i] + k]).length * 2 >= keypoints.length;
  ctx.globalAlpha = seen ? 1 : FAINT;
  outline(ctx, hull(places));
  ctx.lineJoin = "round";
  ctx.lineWidth = 1.8; // a margin, so that it shows which of two crossing limbs is in front
  ctx.strokeStyle = theme.stageInk;
  ctx.stroke();
  for (const ink of [solidInk(i, n, places), light(ctx, places)]) {
    ctx.fillStyle = ink;
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

function outline(ctx, corners) {
  ctx.beginPath();
  corners.forEach(([x, y], corner) => (corner ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.closePath();
}

function solidInk(i, n, places) {
  const { group, keypoints, pale } = SOLIDS[n];
  const away = places.reduce((sum, [, , , depth]) => sum + depth / places.length, 0);
  const level = Math.min(FADES, fade(away, true) + Math.round((pale / DEEPEST_FADE) * FADES));
  if (state.error !== "colour") return theme.groupInks[group][level];
  const error = keypoints.reduce((sum, k) => sum + errors[KEYPOINTS * drawn[i] + k] / keypoints.length, 0);
  return errorInk(error, level);
}

// A ball as the eye sees it: pixel x and y, radius in pixels, depth in mm.
function placeBall(i, { keypoints, radius, up }) {
  let [x, y, depth, scale] = [0, 0, 0, 0];
  for (const k of keypoints) {
    const p = 4 * (KEYPOINTS * i + k);
    x += at[p] / keypoints.length;
    y += at[p + 1] / keypoints.length;
    depth += at[p + 2] / keypoints.length;
    scale += at[p + 3] / keypoints.length;
  }
  if (up) { // towards the crown: away from the jaw
    const jaw = 4 * (KEYPOINTS * i + data.chin);
    const away = Math.hypot(...minus(mean3(drawn[i], keypoints), mean3(drawn[i], [data.chin]))) || 1;
    x += ((x - at[jaw]) * up) / away;
    y += ((y - at[jaw + 1]) * up) / away;
  }
  return [x, y, Math.max(radius * scale, LEAST_RADIUS), depth];
}

function mean3(row, keypoints) {
  const all = keypoints.map((k) => placedPoint(row, k));
  return all.reduce(add).map((v) => v / all.length);
}

// The highest point of a head.
const SKULL = SOLIDS.flatMap(({ balls }) => balls).find(({ up }) => up);
function crown(row) {
  const middle = mean3(row, SKULL.keypoints);
  const up = minus(middle, mean3(row, [data.chin]));
  const far = (SKULL.up + SKULL.radius) / (Math.hypot(...up) || 1);
  return middle.map((v, c) => v + far * up[c]);
}

// The convex hull of circles, as corners (Andrew's monotone chain).
function hull(circles) {
  const corners = circles.flatMap(([x, y, r]) => CIRCLE.map(([c, s]) => [x + r * c, y + r * s]));
  corners.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (all) => {
    const chain = [];
    for (const p of all) {
      while (chain.length > 1 && turnsRight(chain.at(-2), chain.at(-1), p)) chain.pop();
      chain.push(p);
    }
    return chain.slice(0, -1);
  };
  return [...half(corners), ...half(corners.reverse())];
}

const turnsRight = (a, b, p) => (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) <= 0;

// Light from the upper left, across the shape's long axis: a bright edge, a dark one.
function light(ctx, places) {
  const [[x0, y0, r0], [x1, y1, r1]] = [places[0], places.at(-1)];
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  let [nx, ny] = [-(y1 - y0) / length, (x1 - x0) / length];
  if (nx + ny > 0) [nx, ny] = [-nx, -ny];
  if (places.length > 2 || length < 0.5 * (r0 + r1)) [nx, ny] = [-Math.SQRT1_2, -Math.SQRT1_2];
  const [x, y] = [0, 1].map((c) => places.reduce((sum, place) => sum + place[c] / places.length, 0));
  const reach = places.reduce((most, p) => Math.max(most, Math.abs((p[0] - x) * nx + (p[1] - y) * ny) + p[2]), 0);
  const shade = ctx.createLinearGradient(x + nx * reach, y + ny * reach, x - nx * reach, y - ny * reach);
  theme.light.forEach(([stop, ink]) => shade.addColorStop(stop, ink));
  return shade;
}
