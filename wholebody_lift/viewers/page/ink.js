// ---------------------------------------------------------------- canvases and colours

const FADES = 20; // steps from a colour to the ground behind it
const RAMP = 24; // steps of the error's colour scale
const DEEPEST_FADE = 0.66;
const SPECK = 2; // screen pixels; smaller dots are drawn as squares of the same area, which look the same and
// take a fraction of the time
const SQUARE = Math.sqrt(Math.PI); // side of that square, per radius of the dot

function surface(canvas) {
  const target = { canvas, context: canvas.getContext("2d"), width: 0, height: 0, ratio: 1 };
  target.resize = () => {
    const ratio = window.devicePixelRatio || 1;
    Object.assign(target, { width: canvas.clientWidth, height: canvas.clientHeight, ratio });
    canvas.width = Math.round(target.width * ratio);
    canvas.height = Math.round(target.height * ratio);
    target.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  };
  return target;
}

const scene = surface($("scene"));
const image = surface($("image"));
const FAMILY = getComputedStyle(document.body).fontFamily;
// A page that embeds this one may choose dark or light; it is told when the user changes that here.
const embedded = window.parent !== window;
if (/^#(dark|light)$/.test(location.hash)) document.documentElement.dataset.theme = location.hash.slice(1);

const GRID_SHADES = [0.36, 0.31, 0.26, 0.2, 0.14, 0.08]; // opacity of the ground from its middle outwards
let theme = readTheme();

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function readTheme() {
  const probe = document.body.appendChild(document.createElement("i"));
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  };
  const groups = data.groups.map(read);
  const ramp = ["error-0", "error-1", "error-2"].map(read);
  const [stage, ink, soft, grid, line, panel] = ["stage", "ink", "soft", "grid", "line", "panel"].map(read);
  const named = (group) => groups[data.groups.indexOf(group)];
  const along = (t) => (t < 1 ? mix(ramp[0], ramp[1], t) : mix(ramp[1], ramp[2], t - 1));
  const scale = Array.from({ length: RAMP + 1 }, (_, i) => along((2 * i) / RAMP));
  const faded = (colour) => Array.from({ length: FADES + 1 }, (_, i) =>
    paint(mix(colour, stage, (DEEPEST_FADE * i) / FADES)));
  probe.remove();
  return {
    stage, soft,
    axes: [named("body_right"), named("left_hand"), named("body_left")],
    stageInk: paint(stage), fullInk: paint(ink), softInk: paint(soft), lineInk: paint(line), panelInk: paint(panel),
    light: [[0, "rgb(255 255 255 / 0.34)"], [0.45, "rgb(255 255 255 / 0)"], [1, "rgb(0 0 0 / 0.3)"]],
    barInk: paint(ink, 0.75), frustumInk: paint(soft, 0.75),
    shadowInk: paint(grid, isDark() ? 0.26 : 0.2),
    gridInks: GRID_SHADES.map((shade) => paint(grid, shade)),
    haloInks: groups.map((colour) => paint(colour, 0.16)),
    flatInks: groups.map((colour) => paint(colour, 0.8)),
    groupInks: groups.map(faded), // group x fade: a colour as text
    errorInks: scale.map(faded), // error x fade
  };
}

function mix(a, b, t) {
  return a.map((v, c) => v + (b[c] - v) * t);
}

function paint(colour, alpha = 1) {
  return `rgb(${colour.map(Math.round).join(" ")} / ${alpha})`;
}

const font = (size, weight = 400) => `${weight} ${size}px ${FAMILY}`;

function errorInk(error, fade) {
  return theme.errorInks[Math.round(clamp(error / data.error_top, 0, 1) * RAMP)][fade];
}

function stroke(ctx, p, q, thick, style) {
  ctx.lineWidth = thick;
  ctx.strokeStyle = style;
  ctx.beginPath();
  ctx.moveTo(p[0], p[1]);
  ctx.lineTo(q[0], q[1]);
  ctx.stroke();
}

function circle(ctx, x, y, radius) {
  ctx.moveTo(x + radius, y);
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
}

// Fill a dot; `ratio` is screen pixels per canvas pixel.
function fillDot(ctx, x, y, radius, ratio) {
  if (radius * ratio < SPECK) {
    const side = radius * SQUARE;
    ctx.fillRect(x - side / 2, y - side / 2, side, side);
    return;
  }
  ctx.beginPath();
  circle(ctx, x, y, radius);
  ctx.fill();
}

// Draw again before the next frame of the screen: the 3D scene, and the 2D picture where it changes too.
const due = { asked: false, picture: false };
function redraw({ picture = true } = {}) {
  due.picture ||= picture;
  if (due.asked) return;
  due.asked = true;
  requestAnimationFrame(() => {
    due.asked = false;
    drawScene();
    if (due.picture) drawPicture();
    due.picture = false;
  });
}

function element(tag, content = [], attributes = {}) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.append(...[content].flat());
  return node;
}
