// The camera of this computer. Its pictures go to the server one at a time, as JPEG: the next is taken when the answer
// to the last one has come, so none ever waits. The viewer shows each picture with the people in it.

import { Frames } from "./frames.js";
import { lines } from "./page.js";

const SIZE = { width: { ideal: 640 }, height: { ideal: 480 } };
const QUALITY = 0.85;
const STEADINESS = 0.9; // of the rate and the delay that are shown
const steady = (value, now) => (value === null ? now : STEADINESS * value + (1 - STEADINESS) * now);

const REASONS = {
  NotAllowedError: "The browser may not use the camera. Allow it beside the address of this page, and try again.",
  NotFoundError: "This computer has no camera that the browser can find.",
  NotReadableError: "The camera is used by another program. End that program, and try again.",
};

const GONE = "The camera has stopped: it was taken away, or another program uses it.";

export class Camera {
  #ended = new AbortController();
  #paused = false;
  #delay = null; // ms from a picture to the figure that is drawn
  #resumed = 0; // when the tab came to the foreground; in the background, nothing is drawn
  #viewer;
  #stream;
  #video;
  #id;

  // `viewer` is the iframe that shows pictures and people.
  constructor(viewer) {
    this.#viewer = viewer;
    document.addEventListener("visibilitychange", () => (this.#resumed = performance.now()), { signal: this.#ended.signal });
  }

  // Ask for the camera and start the detector. Raises an Error whose text is for the user.
  async start(options) {
    if (!navigator.mediaDevices) throw new Error("This browser gives pages no access to a camera.");
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: SIZE, audio: false });
    } catch (error) {
      throw new Error(REASONS[error.name] ?? `The browser cannot use the camera (${error.message}).`);
    }
    if (this.#ended.signal.aborted) return this.#release();
    this.#video = Object.assign(document.createElement("video"), { srcObject: this.#stream, muted: true, playsInline: true });
    const [answer] = await Promise.all([
      fetch(`camera?${options}`, { method: "POST", signal: this.#ended.signal }),
      this.#video.play(),
      this.#openViewer(),
    ]);
    const { value: first } = await lines(answer).next(); // the answer goes on for as long as the camera runs
    if (!first?.id) throw new Error(first?.error ?? "The camera was ended.");
    this.#id = first.id;
  }

  #openViewer() {
    const theme = document.documentElement.dataset.theme;
    return new Promise((opened) => {
      const hear = ({ source, data }) => {
        if (source !== this.#viewer.contentWindow) return;
        if (data?.ready) opened();
        const taken = 1000 * data?.drawn;
        if (taken > this.#resumed) this.#delay = steady(this.#delay, performance.now() - taken);
      };
      addEventListener("message", hear, { signal: this.#ended.signal });
      const fresh = this.#viewer.cloneNode(); // a new address would be a step of the browser's Back
      fresh.src = `camera/view${theme ? `#${theme}` : ""}`;
      this.#viewer.replaceWith(fresh);
      this.#viewer = fresh;
    });
  }

  // What the server says about each picture, with the rate and the delay so far, until the camera is paused.
  async *pictures() {
    const canvas = document.createElement("canvas");
    const frames = new Frames(this.#video);
    this.#ended.signal.addEventListener("abort", () => frames.close());
    let [every, before] = [null, 0];
    while (!this.#paused) {
      const taken = await frames.next();
      if (this.#paused) return;
      if (taken === null) {
        if (this.#stream.getTracks().some(({ readyState }) => readyState === "ended")) throw new Error(GONE);
        continue;
      }
      const picture = await encode(this.#video, canvas);
      const seconds = taken / 1000;
      const answer = await this.#post(`picture?seconds=${seconds}`, picture);
      if (answer.error) {
        yield answer;
        continue;
      }
      this.#viewer.contentWindow.postMessage({ ...answer, picture, seconds }, "*");
      const now = performance.now();
      if (before > this.#resumed) every = steady(every, now - before);
      before = now;
      yield { ...answer, delay: this.#delay, rate: every && 1000 / every };
    }
  }

  async #post(path, body) {
    const answer = await fetch(`camera/${this.#id}/${path}`, { method: "POST", body, signal: this.#ended.signal });
    const document = await answer.json();
    if (answer.status === 404) throw new Error(document.error);
    return document;
  }

  record() {
    return this.#post("record");
  }

  // Lift what was recorded; the answer is that of the server.
  lift(options, signal) {
    return fetch(`camera/${this.#id}/lift?${options}`, { method: "POST", signal });
  }

  pause() {
    this.#paused = true;
  }

  end() {
    this.pause();
    this.#ended.abort();
    this.#release();
  }

  #release() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
  }
}

function encode(video, canvas) {
  Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((encoded) => canvas.toBlob(encoded, "image/jpeg", QUALITY));
}
