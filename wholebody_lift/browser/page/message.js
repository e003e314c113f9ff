// What the viewer's frame takes for each picture: `viewers/live_page.message` in Python.

import { VALUES, cameraOf } from "./keypoints.js";

export function messageOf(people, size, seconds) {
  const { focal, centre } = cameraOf(size);
  const rays = [1 / focal, 0, -centre[0] / focal, 0, 1 / focal, -centre[1] / focal, 0, 0, 1];
  return { people, size, seconds, rays };
}

// The person: the keypoints (133 x 3), what the network answered and what `Person` made of that.
export function personOf(keypoints, { errors }, { points, translation }, { min_score: least }) {
  const ofEach = (value) => Array.from(errors, (_, k) => value(...keypoints.subarray(VALUES * k, VALUES * k + VALUES)));
  const seen = (score) => score >= least; // NaN is not
  return {
    id: 0,
    name: "You",
    xyz: points.flat(),
    translation,
    error: Array.from(errors),
    xy: ofEach((x, y, score) => (seen(score) ? [x, y] : [null, null])).flat(),
    scores: ofEach((x, y, score) => (seen(score) ? score : 0)),
    observed: ofEach((x, y, score) => Number(seen(score))),
  };
}
