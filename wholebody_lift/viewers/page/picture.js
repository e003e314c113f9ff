// ---------------------------------------------------------------- the 2D picture

const layout = { scale: 1, left: 0, top: 0, box: [0, 0, 1, 1], room: 0 };

const seen2d = (row, k) => !Number.isNaN(xy[2 * (KEYPOINTS * row + k)]);

// The part of the image plane that is shown, as left, top, width, height in pixels of the image: the image,
// or the box around all keypoints of the frame.
function imageBox(frame) {
  if (sizes) return [0, 0, sizes[2 * frame.rows[0]], sizes[2 * frame.rows[0] + 1]];
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
  const tallest = clamp(window.innerHeight * 0.3, 190, 360);
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
  return { ...place, depth: 0, radius: data.looks[k] === "body" ? 2.2 : 0.9, row, k };
}

function drawPicture() {
  const { context: ctx, width, height } = image;
  const [, , w, h] = layout.box;
  const scale = Math.min((width - 2) / w, (height - 2) / h);
  const [left, top] = [(width - w * scale) / 2, (height - h * scale) / 2];
  Object.assign(layout, { scale, left, top });
  ctx.clearRect(0, 0, width, height);
  ctx.fillStyle = theme.stageInk;
  ctx.fillRect(left, top, w * scale, h * scale);
  ctx.lineWidth = 1;
  ctx.strokeStyle = paint(theme.line);
  if (!sizes) ctx.setLineDash([4, 4]);
  ctx.strokeRect(left, top, w * scale, h * scale);
  ctx.setLineDash([]);
  ctx.lineCap = "round";
  for (const row of shownRows()) drawFlat(ctx, row);
  for (const chosen of [state.hover ?? state.pinned, ...state.ends]) drawRing(ctx, spotIn(image, chosen));
}

// One path for all lines and one for all dots of a colour.
function drawFlat(ctx, row) {
  const spots = data.names.map((_, k) => (visible(k) ? pictureSpot(row, k) : null));
  data.groups.forEach((_, group) => {
    ctx.beginPath();
    let thick = 1;
    for (const edge of edges) {
      const [p, q] = [spots[edge.a], spots[edge.b]];
      if (edge.group !== group || !p || !q) continue;
      thick = edge.look === "body" ? 1.8 : 0.9;
      ctx.moveTo(p.x, p.y);
      ctx.lineTo(q.x, q.y);
    }
    ctx.lineWidth = thick;
    ctx.strokeStyle = ctx.fillStyle = theme.groupInks[group][0];
    ctx.stroke();
    ctx.beginPath();
    spots.forEach((p, k) => {
      if (p && groupOf[k] === group) circle(ctx, p.x, p.y, p.radius);
    });
    ctx.fill();
  });
}
