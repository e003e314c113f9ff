// The newest picture of a video. Each is taken once; if one has come while the last was worked on, the next is there
// at once, as waiting for yet another would lower the rate, to half of it at worst.

const PATIENCE_MS = 1000;

export class Frames {
  #newest = 0; // when the newest picture came, in ms
  #taken = 0;
  #wake = () => {};
  #open = true;

  constructor(video) {
    const ask = video.requestVideoFrameCallback
      ? (act) => video.requestVideoFrameCallback((now, { captureTime }) => act(captureTime ?? now))
      : (act) => requestAnimationFrame(act);
    const note = (time) => {
      if (!this.#open) return;
      this.#newest = Math.max(this.#newest + 1, time); // later than the one before, whatever the clock says
      this.#wake();
      ask(note);
    };
    ask(note);
  }

  // When the newest picture was taken, in ms, as soon as there is one that was not taken before; null after a second
  // without one, as a camera may have been taken away.
  async next() {
    if (this.#newest === this.#taken) {
      await new Promise((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, PATIENCE_MS);
      });
    }
    if (this.#newest === this.#taken) return null;
    this.#taken = this.#newest;
    return this.#taken;
  }

  close() {
    this.#open = false;
    this.#wake();
  }
}
