// MediaPipe Holistic: one person's landmarks in a picture. It runs on the graphics card, by WebGL.

const FOLDER = "mediapipe/";
const OPTIONS = {
  modelComplexity: 0, // the lite body model
  smoothLandmarks: false, // `Person` smooths, in 3D
  refineFaceLandmarks: false,
  selfieMode: false,
};

export async function openDetector() {
  await addScript(`${FOLDER}holistic.js`);
  const holistic = new globalThis.Holistic({ locateFile: (name) => FOLDER + name });
  holistic.setOptions(OPTIONS);
  let answer;
  holistic.onResults((results) => (answer = results));
  await holistic.initialize();
  return {
    // Landmarks as fractions of the canvas, looked for near those of the picture before.
    async detect(canvas) {
      answer = undefined;
      await holistic.send({ image: canvas });
      return answer ?? {};
    },
    // The next picture shows something else.
    forget: () => holistic.reset(),
  };
}

function addScript(src) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src, onload: resolve });
    script.onerror = () => reject(new Error(`could not load ${src}`));
    document.head.append(script);
  });
}
