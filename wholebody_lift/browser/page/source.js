// Where pictures come from: a camera, a clip or a photo. Each draws its picture onto a canvas.

import { Frames } from "./frames.js";

const LONGEST = 1280; // pixels of the longer side

export class Unusable extends Error {
  constructor(problem, advice) {
    super(problem);
    this.advice = advice;
  }
}

const ELSE = "You can also open a clip or a photo.";

export async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Unusable("This page may not use a camera",
      `Browsers allow it only for pages that come by https or from localhost. ${ELSE}`);
  }
  const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" };
  const stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false }).catch((error) => {
    throw refusal(error);
  });
  const video = await playing(Object.assign(document.createElement("video"), { srcObject: stream }));
  const [track] = stream.getTracks();
  return moving(video, {
    seconds: (taken) => taken / 1000,
    ended: () => track.readyState === "ended",
    close: () => track.stop(),
  });
}

function refusal({ name, message }) {
  if (name === "NotAllowedError" || name === "SecurityError") {
    return new Unusable("The browser may not use the camera",
      `Allow the camera for this page, by the symbol beside the address, and try again. ${ELSE}`);
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new Unusable("No camera was found", `Connect one and try again. ${ELSE}`);
  }
  if (name === "NotReadableError" || name === "AbortError") {
    return new Unusable("The camera does not start",
      `Another program may be using it: close that program and try again. ${ELSE}`);
  }
  return new Unusable("The camera does not start", `${message} ${ELSE}`);
}

export async function openFile(file) {
  const url = URL.createObjectURL(file);
  const close = () => URL.revokeObjectURL(url);
  const picture = await createImageBitmap(file).catch(() => null);
  if (picture) return still(picture, close);
  const video = Object.assign(document.createElement("video"), { src: url, loop: true });
  try {
    await playing(video);
  } catch {
    close();
    throw new Unusable(`${file.name} could not be opened`,
      "It is not a photo or a clip that this browser shows. MP4 (H.264), WebM, JPEG and PNG work in all browsers.");
  }
  return moving(video, { seconds: () => video.currentTime, ended: () => false, close });
}

async function playing(video) {
  Object.assign(video, { muted: true, playsInline: true });
  await video.play();
  if (!video.videoWidth) throw new Error("it has no picture");
  return video;
}

// A source of pictures, until it is closed: `next` waits for a new one, and answers null after the last.
function moving(video, { seconds, ended, close }) {
  const [canvas, frames] = [document.createElement("canvas"), new Frames(video)];
  let open = true;
  return {
    isStill: false,
    async next() {
      let taken = null;
      while (taken === null) {
        taken = await frames.next();
        if (!open || ended()) return null;
      }
      return { ...draw(canvas, video, video.videoWidth, video.videoHeight), seconds: seconds(taken) };
    },
    close() {
      open = false;
      frames.close();
      video.pause();
      close();
    },
  };
}

function still(picture, close) {
  let open = true;
  return {
    isStill: true,
    async next() {
      if (!open) return null;
      open = false;
      return { ...draw(document.createElement("canvas"), picture, picture.width, picture.height), seconds: 0 };
    },
    close,
  };
}

function draw(canvas, picture, width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const size = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== size[0] || canvas.height !== size[1]) Object.assign(canvas, { width: size[0], height: size[1] });
  canvas.getContext("2d").drawImage(picture, 0, 0, ...size);
  return { canvas, size };
}
