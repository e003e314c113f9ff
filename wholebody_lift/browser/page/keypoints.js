// MediaPipe Holistic's landmarks as the 133 keypoints: the mapping of formats/detections/mediapipe.py, whose
// tables the page was built with.

export const VALUES = 3; // of a keypoint: x and y in pixels, score

// The keypoints (133 x 3) of one result of MediaPipe in a picture of [width, height]; NaN where missing.
export function keypointsOf(results, size, { keypoints, mediapipe }) {
  const ours = new Float64Array(VALUES * keypoints).fill(NaN);
  const put = (keypoint, x, y, score) => ours.set([x, y, score], VALUES * keypoint);
  const { poseLandmarks: body, faceLandmarks: face } = results;
  if (body) {
    const scored = body.some(({ visibility }) => visibility !== undefined);
    for (const [i, keypoint] of mediapipe.body) put(keypoint, body[i].x, body[i].y, scored ? (body[i].visibility ?? 0) : 1);
  }
  for (const [hand, places] of [[results.leftHandLandmarks, mediapipe.left_hand], [results.rightHandLandmarks, mediapipe.right_hand]]) {
    if (hand) places.forEach((keypoint, i) => put(keypoint, hand[i].x, hand[i].y, 1));
  }
  if (face) {
    mediapipe.face_vertices.forEach(([a, b], i) =>
      put(mediapipe.face[i], (face[a].x + face[b].x) / 2, (face[a].y + face[b].y) / 2, 1));
  }
  for (let n = 0; n < ours.length; n += VALUES) {
    const [x, y] = [ours[n], ours[n + 1]];
    if (x >= 0 && x <= 1 && y >= 0 && y <= 1) ours.set([x * size[0], y * size[1]], n);
    else ours.fill(NaN, n, n + VALUES); // what MediaPipe guesses beyond the edge
  }
  return ours;
}

// Whether at least two keypoints in different places are visible, as people must have to be lifted.
export function isVisible(keypoints, { min_score: least }) {
  let first = null;
  for (let n = 0; n < keypoints.length; n += VALUES) {
    if (!(keypoints[n + 2] >= least)) continue;
    first ??= n;
    if (keypoints[n] !== keypoints[first] || keypoints[n + 1] !== keypoints[first + 1]) return true;
  }
  return false;
}

// Focal length and principal point assumed for a picture: the diagonal, and the centre.
export const cameraOf = ([width, height]) => ({ focal: Math.hypot(width, height), centre: [width / 2, height / 2] });
