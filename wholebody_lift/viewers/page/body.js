// ---------------------------------------------------------------- bodies with volume

// Limbs are tapered capsules; trunk, neck and head are hulls of balls. Each solid is a list of balls: a place
// between keypoints, and a radius in mm (half of the circumferences of an average adult, by pi). Hands and face
// stay fine lines. Keypoints do not say how thick a limb is, so everyone gets the same radii.
const named = (name) => {
  const k = data.names.indexOf(name);
  if (k < 0) throw new Error(`expected a keypoint called ${name}`);
  return k;
};
const ball = (radius, ...names) => ({ radius, keypoints: names.map(named), up: 0 });

const JAW = "face 9, jaw"; // the chin
const CHIN = named(JAW);
const SIDES = ["left", "right"];
const [SHOULDERS, HIPS, EARS] = ["shoulder", "hip", "ear"].map((joint) => SIDES.map((side) => `${side} ${joint}`));
const WAIST = SIDES.map((side, i) => // a quarter of the way up from the hips, and narrower than they are
  ball(62, `${side} shoulder`, `${side} hip`, `${side} hip`, `${SIDES[1 - i]} hip`));
const SOLIDS = [
  { part: 0, group: "body_middle", pale: 5, balls: [ // pelvis
    ...HIPS.map((hip) => ball(78, hip)), ...WAIST,
  ] },
  { part: 0, group: "body_middle", pale: 5, balls: [ // chest
    ...SHOULDERS.map((shoulder) => ball(50, shoulder)), ball(66, ...SHOULDERS), ...WAIST,
  ] },
  { part: 0, group: "body_middle", pale: 5, balls: [ball(56, ...SHOULDERS), ball(50, ...EARS)] }, // neck
  { part: 0, group: "body_middle", pale: 9, balls: [ // head
    { ...ball(86, ...EARS), up: 40 }, ball(66, ...EARS), ball(34, JAW),
  ] },
  ...SIDES.flatMap((side) => [
    [`body_${side}`, 0, ball(47, `${side} shoulder`), ball(39, `${side} elbow`)],
    [`body_${side}`, 0, ball(39, `${side} elbow`), ball(27, `${side} wrist`)],
    [`body_${side}`, 0, ball(80, `${side} hip`), ball(56, `${side} knee`)],
    [`body_${side}`, 0, ball(56, `${side} knee`), ball(37, `${side} ankle`)],
    [`feet_${side}`, 1, ball(34, `${side} heel`), ball(24, `${side} big toe`), ball(21, `${side} small toe`), ball(33, `${side} ankle`)],
  ].map(([group, part, ...balls]) => ({ part, group, balls }))),
].map((solid) => ({ ...solid, group: data.groups.indexOf(solid.group), keypoints: [...new Set(solid.balls.flatMap((b) => b.keypoints))] }));

const FAINT = 0.32; // opacity of a limb that was inferred
const ROUND = 24; // corners of a ball's outline
const CIRCLE = Array.from({ length: ROUND }, (_, n) => [Math.cos((2 * Math.PI * n) / ROUND), Math.sin((2 * Math.PI * n) / ROUND)]);
const LEAST_RADIUS = 1.4; // pixels

// Keypoints of the body and feet are the solids' own; those of the face still show on the head.
const inSolid = new Uint8Array(KEYPOINTS);
for (const { keypoints } of SOLIDS) for (const k of keypoints) inSolid[k] = 1;
inSolid[CHIN] = 0;
for (const name of ["nose", ...SIDES.flatMap((side) => [`${side} eye`, `${side} ear`])]) inSolid[named(name)] = 1;

// The feet that no picture of a person shows: ankle, heel and toes inferred in every frame. They are hidden
// by default: where they are is only a guess from what people look like in general.
const FEET = SIDES.map((side) => ["ankle", "heel", "big toe", "small toe"].map((name) => named(`${side} ${name}`)));
const unseen = data.people.map(() => new Set());
for (let who = 0; who < unseen.length; who++) {
  const rows = [...data.who.keys()].filter((row) => data.who[row] === who);
  for (const foot of FEET) {
    if (rows.some((row) => foot.some((k) => observed[KEYPOINTS * row + k]))) continue;
    foot.slice(1).forEach((k) => unseen[who].add(k)); // the ankle ends the shank
  }
}
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
  const { balls, group, keypoints, pale = 0 } = SOLIDS[n];
  const row = KEYPOINTS * drawn[i];
  const places = balls.map((b) => placeBall(i, b));
  const seen = keypoints.filter((k) => observed[row + k]).length * 2 >= keypoints.length;
  const away = places.reduce((sum, [, , , depth]) => sum + depth / places.length, 0);
  const level = Math.min(FADES, fade(away, true) + pale);
  const error = keypoints.reduce((sum, k) => sum + errors[row + k] / keypoints.length, 0);
  ctx.globalAlpha = seen ? 1 : FAINT;
  ctx.beginPath();
  hull(places).forEach(([x, y], corner) => (corner ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.lineWidth = 1.8; // a margin, so that it shows which of two crossing limbs is in front
  ctx.strokeStyle = theme.stageInk;
  ctx.stroke();
  ctx.fillStyle = state.error === "colour" ? errorInk(error, level) : theme.groupInks[group][level];
  ctx.fill();
  ctx.fillStyle = light(ctx, places);
  ctx.fill();
  ctx.globalAlpha = 1;
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
    const jaw = 4 * (KEYPOINTS * i + CHIN);
    const away = Math.hypot(...minus(mean3(i, keypoints), mean3(i, [CHIN]))) || 1;
    x += ((x - at[jaw]) * up) / away;
    y += ((y - at[jaw + 1]) * up) / away;
  }
  return [x, y, Math.max(radius * scale, LEAST_RADIUS), depth];
}

function mean3(i, keypoints) {
  const all = keypoints.map((k) => placedPoint(drawn[i], k));
  return all.reduce(add).map((v) => v / all.length);
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
