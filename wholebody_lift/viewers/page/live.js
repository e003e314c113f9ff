// ---------------------------------------------------------------- people in front of a running camera

// The page around this one sends a message for each picture of its camera (`live_message` in html.py), and these
// take the place of the rows that the page began with: a row is a slot, which one person has while they are seen.
const SLOTS = ROWS;
const FOOT_SECONDS = 1; // feet are shown for so long after they were last seen
const GROUND_SHARE = 0.1; // by how much a frame moves the ground, which would shake otherwise

const slotOf = new Map(); // person → slot
const footSeen = Array.from({ length: SLOTS }, () => data.feet.map(() => -Infinity)); // seconds

function showLive({ people, rays: toPlane, size, picture }) {
  const before = frames[0].rows.length;
  takeSlots(people.map(({ id }) => id));
  frames[0].rows = people.map((person) => fillSlot(slotOf.get(person.id), person));
  const [first] = frames[0].rows;
  for (let slot = 0; slot < SLOTS; slot++) {
    rays.set(toPlane, 9 * slot);
    sizes.set(size, 2 * slot);
    if (first !== undefined && !frames[0].rows.includes(slot)) copySlot(first, slot); // nobody there widens the view
  }
  layout.picture?.close();
  layout.picture = picture;
  if (first === undefined) {
    frameChanged();
    redraw();
    return;
  }
  if (people.length !== before) arrange();
  levelGround();
  show(0);
}

// Whoever is gone leaves their slot, and whoever is new takes a free one.
function takeSlots(ids) {
  for (const id of slotOf.keys()) if (!ids.includes(id)) slotOf.delete(id);
  for (const id of ids) {
    const taken = new Set(slotOf.values());
    if (!slotOf.has(id)) slotOf.set(id, [...Array(SLOTS).keys()].find((slot) => !taken.has(slot)));
  }
}

function fillSlot(slot, person) {
  data.people[slot] = person.name;
  points.set(person.xyz, 3 * KEYPOINTS * slot);
  translation.set(person.translation, 3 * slot);
  errors.set(person.error, KEYPOINTS * slot);
  xy.set(person.xy.map((v) => v ?? NaN), 2 * KEYPOINTS * slot);
  scores.set(person.scores, KEYPOINTS * slot);
  observed.set(person.observed, KEYPOINTS * slot);
  const now = performance.now() / 1000;
  unseen[slot].clear();
  data.feet.forEach((foot, side) => {
    if (foot.some((k) => observed[KEYPOINTS * slot + k])) footSeen[slot][side] = now;
    if (now - footSeen[slot][side] > FOOT_SECONDS) foot.slice(1).forEach((k) => unseen[slot].add(k));
  });
  return slot;
}

function copySlot(from, to) {
  points.copyWithin(3 * KEYPOINTS * to, 3 * KEYPOINTS * from, 3 * KEYPOINTS * (from + 1));
  translation.copyWithin(3 * to, 3 * from, 3 * (from + 1));
}

// Another number of people: the scene is centred on them, and all of them are shown. One person alone stays in the
// middle; several are at their positions.
function arrange() {
  const { rows } = frames[0];
  state.named = rows.length > 1;
  if (state.placed !== state.named && !state.frustum) turn("placed", state.named);
  centre.forEach((_, c) => (centre[c] = rows.reduce((sum, row) => sum + translation[3 * row + c] / rows.length, 0)));
  ground = null;
  if (!state.moved) look(state.view);
}

function levelGround() {
  const level = lowest(frames[0]);
  ground = ground === null ? level : ground + GROUND_SHARE * (level - ground);
}

// The page around this one is told of each message that has been drawn, by its `seconds`.
addEventListener("message", async ({ source, data: message }) => {
  if (source !== window.parent || !message?.people) return;
  const { picture } = message;
  showLive({ ...message, picture: picture instanceof Blob ? await createImageBitmap(picture) : picture });
  requestAnimationFrame(() => window.parent.postMessage({ drawn: message.seconds }, "*")); // after `redraw`'s
});
document.documentElement.classList.add("live");
state.named = false;
turn("placed", false);
levelGround();
frames[0].rows = []; // nobody yet
redraw();
window.parent.postMessage({ ready: true }, "*");
