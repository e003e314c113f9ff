// ---------------------------------------------------------------- frames in time

const PLAY = "M4 2.2v11.6c0 .6.7 1 1.2.7l9-5.8c.5-.3.5-1.1 0-1.4l-9-5.8C4.7 1.2 4 1.6 4 2.2z";
const PAUSE = "M3.5 2h3v12h-3zM9.5 2h3v12h-3z";
// Seconds from the first frame. If the rate is known, ids are frame numbers of the video, so gaps take time.
const times = frames.map(({ id }, f) => (data.fps ? (id - frames[0].id) / data.fps : f / data.unknown_fps));
const lasting = times.at(-1) + 1 / (data.fps ?? data.unknown_fps);

function show(frame) {
  state.frame = frame;
  const { id, rows } = frames[frame];
  $("scrubber").value = frame;
  if (!$("counter").firstChild) $("counter").append("", element("small"));
  $("counter").firstChild.data = `${frame + 1} of ${frames.length}`;
  setText($("counter").lastChild, data.fps ? `frame ${id}, ${times[frame].toFixed(2)} s` : `${isClip ? "frame" : "image"} ${id}`);
  setText($("image-note"), sizes
    ? `${sizes[2 * rows[0]]} × ${sizes[2 * rows[0] + 1]} pixels`
    : "Image size unknown: this is the box around the keypoints.");
  describeParts();
  if (state.ends[1]) describeMeasure();
  frameChanged();
  redraw();
}

function jump(frame) {
  play(false);
  show((frame + frames.length) % frames.length);
}

function play(on) {
  state.playing = on && isClip;
  $("play-icon").setAttribute("d", state.playing ? PAUSE : PLAY);
  $("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  if (!state.playing) return;
  let [before, time] = [performance.now(), times[state.frame]];
  const tick = (now) => {
    if (!state.playing) return;
    time = (time + (Math.max(0, now - before) / 1000) * Number($("speed").value)) % lasting;
    before = now;
    let frame = time < times[state.frame] ? 0 : state.frame;
    while (frame + 1 < frames.length && times[frame + 1] <= time + 1e-6) frame++;
    if (frame !== state.frame) show(frame);
    if (state.turning) swing(now);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

function changeSpeed(by) {
  const { options, selectedIndex } = $("speed");
  $("speed").selectedIndex = clamp(selectedIndex + by, 0, options.length - 1);
}
