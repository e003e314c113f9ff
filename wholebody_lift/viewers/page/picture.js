// ---------------------------------------------------------------- the 2D picture

const layout = { scale: 1, left: 0, top: 0, box: [0, 0, 1, 1], room: 0, picture: null };

const seen2d = (row, k) => !Number.isNaN(xy[2 * (KEYPOINTS * row + k)]);

const flatRadius = (k) => (data.looks[k] === "body" ? 2.2 : 0.9) * bold();
const bold = () => clamp(image.width / 340, 1, 2); // a large picture has thicker lines and dots

// The part of the image plane that is shown, as left, top, width, height in pixels of the image: the image,
// or the box around all keypoints of the frame.
function imageBox(frame) {
  const row = frame.rows[0] ?? 0;
  if (sizes) return [0, 0, sizes[2 * row], sizes[2 * row + 1]];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const row of frame.rows) {
    for (let k = 0; k < KEYPOINTS; k++) {
      if (!seen2d(row, k)) continue;
      const [x, y] = [xy[2 * (KEYPOINTS * row + k)], xy[2 * (KEYPOINTS * row + k) + 1]];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  const edge = 0.06 * Math.max(right - left, bottom - top, 1);
  return [left - edge, top - edge, right - left + 2 * edge, bottom - top + 2 * edge];
}

// Give the canvas the shape of the image.
function layoutPicture() {
  const [, , w, h] = layout.box;
  const tallest = clamp(window.innerHeight * (window.innerWidth > 480 ? 0.3 : 0.26), 180, 360);
  image.canvas.style.height = `${Math.round(Math.min(tallest, (image.canvas.clientWidth * h) / w))}px`;
  image.resize();
}

function frameChanged() {
  const box = imageBox(frames[state.frame]);
  const same = box[2] === layout.box[2] && box[3] === layout.box[3];
  layout.box = box;
  if (!same) layoutPicture();
}

function pictureSpot(row, k) {
  if (!seen2d(row, k)) return null;
  const [x, y] = [xy[2 * (KEYPOINTS * row + k)], xy[2 * (KEYPOINTS * row + k) + 1]];
  const [x0, y0] = layout.box;
  const place = { x: layout.left + (x - x0) * layout.scale, y: layout.top + (y - y0) * layout.scale };
  return { ...place, depth: 0, radius: flatRadius(k), row, k };
}

function drawPicture() {
  const { context: ctx, width, height } = image;
  const [x0, y0, w, h] = layout.box;
  const scale = Math.min((width - 2) / w, (height - 2) / h);
  const [left, top] = [(width - w * scale) / 2, (height - h * scale) / 2];
  Object.assign(layout, { scale, left, top });
  ctx.clearRect(0, 0, width, height);
  ctx.fillStyle = theme.stageInk;
  ctx.fillRect(left, top, w * scale, h * scale);
  ctx.lineWidth = 1;
  ctx.strokeStyle = theme.lineInk;
  drawPhoto(ctx, left, top, w * scale, h * scale);
  if (!sizes) ctx.setLineDash([4, 4]);
  ctx.strokeRect(left, top, w * scale, h * scale);
  ctx.setLineDash([]);
  const rows = shownRows();
  rows.forEach((row, i) => {
    for (let k = 0; k < KEYPOINTS; k++) {
      const [from, to] = [2 * (KEYPOINTS * row + k), 2 * (KEYPOINTS * i + k)];
      places[to] = visible(k) ? left + (xy[from] - x0) * scale : NaN;
      places[to + 1] = top + (xy[from + 1] - y0) * scale;
    }
  });
  ctx.lineCap = "round";
  data.groups.forEach((_, group) => drawColour(ctx, group, rows.length));
  for (const chosen of [state.hover ?? state.pinned, ...state.ends]) drawRing(ctx, spotIn(image, chosen));
}

// Photos that are part of the page are decoded shortly before they are due. Until one is ready, the one before it
// stays in its place.
const AHEAD = 6; // frames
const DIMMED = 0.18;
const photos = new Map(); // frame to Image

function photoOf(frame) {
  if (!photos.has(frame)) {
    const content = data.pictures[frame];
    const decoding = content === null ? null : Object.assign(new Image(), { src: `data:image/jpeg;base64,${content}` });
    decoding?.addEventListener("load", () => { if (frame === state.frame) redraw(); });
    photos.set(frame, decoding);
    if (photos.size > 4 * AHEAD) photos.delete(photos.keys().next().value);
  }
  return photos.get(frame);
}

function findPhoto() {
  for (let n = 0; n <= (isClip ? AHEAD : 1); n++) photoOf((state.frame + n) % frames.length);
  const photo = photoOf(state.frame);
  if (photo === null || !state.photo) layout.picture = null;
  else if (photo.complete) layout.picture = photo;
}

function drawPhoto(ctx, left, top, width, height) {
  if (data.pictures) findPhoto();
  if (!layout.picture) return;
  ctx.drawImage(layout.picture, left, top, width, height);
  if (!data.pictures) return; // a running camera's
  ctx.globalAlpha = DIMMED;
  ctx.fillRect(left, top, width, height); // in the stage's colour, so that the keypoints stand out
  ctx.globalAlpha = 1;
}

const places = new Float32Array(2 * KEYPOINTS * most); // pixel x and y of the canvas; x is NaN where not shown

// Draw everything of one colour: the thick lines as one path, the thin ones as another, then the dots.
function drawColour(ctx, group, people) {
  ctx.strokeStyle = ctx.fillStyle = theme.groupInks[group][0];
  for (const body of [true, false]) {
    ctx.beginPath();
    let some = false;
    for (const { a, b, look } of edgesIn[group]) {
      if ((look === "body") !== body) continue;
      for (let i = 0; i < people; i++) {
        const [p, q] = [2 * (KEYPOINTS * i + a), 2 * (KEYPOINTS * i + b)];
        if (Number.isNaN(places[p]) || Number.isNaN(places[q])) continue;
        ctx.moveTo(places[p], places[p + 1]);
        ctx.lineTo(places[q], places[q + 1]);
        some = true;
      }
    }
    ctx.lineWidth = (body ? 1.8 : 0.9) * bold();
    if (some) ctx.stroke();
  }
  for (const k of keypointsOf[group]) {
    for (let i = 0; i < people; i++) {
      const p = 2 * (KEYPOINTS * i + k);
      if (!Number.isNaN(places[p])) fillDot(ctx, places[p], places[p + 1], flatRadius(k), image.ratio);
    }
  }
}
