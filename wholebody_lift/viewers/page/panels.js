// ---------------------------------------------------------------- tooltip, parts, people, measure

const tipShown = { key: "", width: 0, height: 0 }; // what the tooltip shows, and its size

function placeTooltip() {
  const tip = $("tooltip");
  const spot = spotIn(scene, state.hover ?? state.pinned);
  tip.hidden = !spot;
  if (!spot) return;
  const key = `${spot.row} ${spot.k}`;
  if (key !== tipShown.key) {
    tip.replaceChildren(...describeKeypoint(spot));
    const { width, height } = tip.getBoundingClientRect();
    Object.assign(tipShown, { key, width, height });
  }
  const x = spot.x + 16 + tipShown.width > scene.width ? spot.x - 16 - tipShown.width : spot.x + 16;
  const y = spot.y + 12 + tipShown.height > scene.height ? spot.y - 12 - tipShown.height : spot.y + 12;
  tip.style.transform = `translate(${Math.max(4, x)}px, ${Math.max(4, y)}px)`;
}

function describeKeypoint({ row, k }) {
  const n = KEYPOINTS * row + k;
  const inFrame = toFrame(points.subarray(3 * n, 3 * n + 3));
  const rows = inFrame.map((v, c) => ["xyz"[c], `${v.toFixed(1)} mm`]);
  rows.push(["error", `± ${errors[n].toFixed(1)} mm`]);
  rows.push(["input", observed[n] ? `observed, score ${scores[n].toFixed(2)}` : "missing, inferred"]);
  const who = crowded ? ` (${data.people[data.who[row]].toLowerCase()})` : "";
  const table = element("table", rows.map((cells) => element("tr", cells.map((cell) => element("td", cell)))));
  return [element("strong", data.names[k] + who), table];
}

const GLASS = "M6.8 1.5a5.3 5.3 0 1 1 0 10.6 5.3 5.3 0 0 1 0-10.6M10.7 10.7l3.8 3.8";

function buildParts() {
  $("parts").replaceChildren(...data.parts.map(({ part, label, groups }, i) => {
    const box = element("input", [], { type: "checkbox", checked: true, id: `part-${part}`, title: `Key ${i + 1}` });
    box.addEventListener("change", () => showPart(i, box.checked));
    const swatch = element("span", groups.map((group) => {
      const chip = element("i", [], { title: data.labels[group] });
      chip.style.background = `var(--${group})`;
      return chip;
    }), { className: "swatch" });
    const name = element("label", [box, swatch, label], { className: "check" });
    const near = element("button", [], {
      type: "button", className: "zoom", ariaLabel: `Zoom to ${label.toLowerCase()}`,
      title: `Zoom to it and follow it (shift ${i + 1})`,
      innerHTML: `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${GLASS}"/></svg>`,
    });
    near.addEventListener("click", () => zoomToPart(i));
    return element("tr", [element("td", name), element("td"), element("td"), element("td", near)]);
  }));
}

function showPart(part, on) {
  state.hiddenParts[on ? "delete" : "add"](part);
  $(`part-${data.parts[part].part}`).checked = on;
  redraw();
}

function zoomToPart(part) {
  const [start, stop] = data.parts[part].keypoints;
  const row = shownRows()[0];
  const who = state.pinned?.who ?? (row === undefined ? undefined : data.who[row]);
  if (who !== undefined) follow(who, Array.from({ length: stop - start }, (_, i) => start + i));
}

function describeParts() {
  const { rows } = frames[state.frame];
  data.parts.forEach(({ keypoints: [start, stop] }, part) => {
    let [seen, error] = [0, 0];
    for (const row of rows) {
      for (let n = KEYPOINTS * row + start; n < KEYPOINTS * row + stop; n++) {
        seen += observed[n];
        error += errors[n];
      }
    }
    const count = rows.length * (stop - start);
    const { cells } = $("parts").rows[part];
    setText(cells[1], `${seen} of ${count}`);
    setText(cells[2], (error / count).toFixed(1));
  });
}

// Changes the text only if it differs: cheap enough for every frame.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function buildPeople() {
  $("people").hidden = !crowded;
  if (!crowded) return;
  $("people").append(...data.people.map((name, who) => {
    const box = element("input", [], { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      state.hiddenPeople[box.checked ? "delete" : "add"](who);
      redraw();
    });
    return element("label", [box, name], { className: "check" });
  }));
  if (data.tracked || frames.length === 1) return;
  $("people").append(element("p", "No track ids: people are numbered in each frame.", { className: "note" }));
}

function buildMeasure() {
  ["from", "to"].forEach(buildEnd);
  $("ends").classList.toggle("several", crowded);
}

// The lists from which an end of the measure is chosen: a keypoint and, of several people, a person.
function buildEnd(id, end) {
  const [keypoint, person] = [$(id), $(`${id}-person`)];
  const groups = data.parts.map(({ label, keypoints: [start, stop] }) => {
    const options = data.names.slice(start, stop).map((name, i) => new Option(name, start + i));
    return element("optgroup", options, { label });
  });
  keypoint.append(new Option("choose…", ""), ...groups);
  person.append(...data.people.map((name, who) => new Option(name, who)));
  person.hidden = !crowded;
  for (const list of [keypoint, person]) {
    list.addEventListener("change", () => {
      state.ends[end] = keypoint.value === "" ? null : { who: Number(person.value), k: Number(keypoint.value) };
      describeMeasure();
      redraw();
    });
  }
}

// Take a keypoint as the next end of the measure; after both, start again.
function measureTo({ who, k }) {
  const end = state.ends[0] === null || state.ends[1] !== null ? 0 : 1;
  state.ends = end === 0 ? [{ who, k }, null] : [state.ends[0], { who, k }];
  showEnds();
}

function showEnds() {
  ["from", "to"].forEach((id, i) => {
    const chosen = state.ends[i];
    $(id).value = chosen ? chosen.k : "";
    if (chosen) $(`${id}-person`).value = chosen.who;
  });
  describeMeasure();
  redraw();
}

function describeMeasure() {
  const ends = endsInCamera();
  if (ends === null) {
    const missing = state.ends.every(Boolean) ? "Not in this frame." : "Click two keypoints, or choose them here.";
    return setText($("distance"), missing);
  }
  const step = toFrame(minus(ends[1], ends[0])).map((v, c) => `${"xyz"[c]} ${v.toFixed(0)}`).join(", ");
  $("distance").replaceChildren(element("strong", lengthText()), element("small", `${step} mm`));
}

function setMeasuring(on) {
  state.measuring = on;
  $("measure").setAttribute("aria-pressed", String(on));
  $("measure-panel").hidden = !on;
  scene.canvas.classList.toggle("measuring", on);
  if (!on) state.ends = [null, null];
  state.pinned = null;
  showEnds();
}
