// ---------------------------------------------------------------- controls and start

function markViews() {
  document.querySelectorAll("[data-view][aria-pressed]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.view === state.view));
  });
}

function setError(mode) {
  state.error = mode;
  document.querySelectorAll("[data-error]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.error === mode));
  });
  $("ramp").hidden = mode !== "colour";
  redraw({ picture: false });
}

function themeChanged() {
  theme = readTheme();
  $("theme").ariaLabel = isDark() ? "Use light colours" : "Use dark colours";
  redraw();
}

// The camera has a single position only while people are shown at theirs. So switching it on or off switches
// "placed" too, unless the user has chosen that.
function turn(name, on) {
  state[name] = $(name).checked = on;
  if (name === "frustum" && on && !state.placed) {
    state.placedByCamera = true;
    turn("placed", true);
  } else if (name === "frustum" && !on && state.placedByCamera) {
    state.placedByCamera = false;
    turn("placed", false);
  } else if (name === "placed" && !on && state.frustum) {
    state.placedByCamera = false;
    turn("frustum", false);
  }
  if (["frustum", "placed"].includes(name) && !state.moved) look(state.view);
  else redraw();
}

function start() {
  buildParts();
  buildPeople();
  buildMeasure();
  $("ramp-end").textContent = `${data.error_top} mm or more`;
  placeTools();
  watchButtons();
  watchPlayer();
  watchSwitches();
  watchPointers();
  watchKeys();
  show(0);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  state.turning = isClip && !still;
  play(isClip && !still);
  watchSizes();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themeChanged);
  themeChanged();
  document.querySelector("main").removeAttribute("aria-busy");
}

// A page inside another has no header: its tools stand beside the figure.
function placeTools() {
  document.documentElement.classList.toggle("embedded", embedded);
  if (embedded) document.querySelector(".right").append(document.querySelector(".tools"));
}

function watchButtons() {
  const onClick = (selector, act) => document.querySelectorAll(selector).forEach((button) => {
    button.addEventListener("click", () => act(button));
  });
  onClick("[data-view]", (button) => look(button.dataset.view));
  onClick("[data-error]", (button) => setError(button.dataset.error));
  onClick("#measure", () => setMeasuring(!state.measuring));
  onClick("#help-open", () => $("help").showModal());
  onClick("#theme", chooseTheme);
}

function chooseTheme() {
  const chosen = (document.documentElement.dataset.theme = isDark() ? "light" : "dark");
  themeChanged();
  if (embedded) window.parent.postMessage({ theme: chosen }, "*");
}

function watchPlayer() {
  if (frames.length === 1) return;
  $("player").hidden = false;
  $("scrubber").max = frames.length - 1;
  $("scrubber").addEventListener("input", () => jump(Number($("scrubber").value)));
  $("play").addEventListener("click", () => play(!state.playing));
  $("previous").addEventListener("click", () => jump(state.frame - 1));
  $("next").addEventListener("click", () => jump(state.frame + 1));
  $("previous").hidden = $("next").hidden = isClip;
  $("play").hidden = $("speed").hidden = !isClip;
}

function watchSwitches() {
  $("placed-row").hidden = ROWS < 2;
  $("unseen-row").hidden = !anyUnseen;
  $("photo-row").hidden = !data.pictures;
  for (const name of ["volume", "unseenFeet", "ground", "frustum", "photo", "placed"]) {
    $(name).checked = state[name];
    $(name).addEventListener("change", () => {
      if (name === "placed") state.placedByCamera = false;
      turn(name, $(name).checked);
    });
  }
}

// The observers also call once at the start.
function watchSizes() {
  new ResizeObserver(() => {
    scene.resize();
    margins.top = $("controls").offsetHeight + (crowded ? 40 : 28); // room for the colour scale, and for people's numbers
    if (state.moved) redraw({ picture: false });
    else look(state.view);
  }).observe(scene.canvas);
  new ResizeObserver(() => { layoutPicture(); redraw(); }).observe(image.canvas.parentElement);
}

start();
