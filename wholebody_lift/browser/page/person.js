// A person in front of a running camera, smoothed as LiveLifter does without a network over time: One-Euro filters on
// keypoints and path, and bones of their mean length so far. video/smoothing.py and video/person.py, for one person.

import { bonesOf } from "./bones.js";
import { VALUES, cameraOf } from "./keypoints.js";
import { add, length, minus, times, unit } from "./vectors.js";

const METRE = 1000; // mm; the gains of the filters are per m/s
const NEAREST = 1; // mm; at the camera itself the hips have no direction

// The One-Euro filter (Casiez, Roussel, Vogel, CHI 2012) of points that are never missing.
export class OneEuro {
  constructor(leastHz, gain, speedHz) {
    Object.assign(this, { leastHz, gain, speedHz, values: null });
  }

  // The filtered points at a time later than all before; `unit` is what speeds are measured in.
  next(points, seconds, unit) {
    if (this.values) {
      const step = seconds - this.seconds;
      points.forEach((point, k) => {
        const [value, slope] = [this.values[k], this.slopes[k]];
        const towards = share(this.speedHz, step);
        point.forEach((x, c) => (slope[c] += towards * ((x - value[c]) / step - slope[c])));
        const moved = share(this.leastHz[k] + (this.gain * Math.hypot(...slope)) / unit, step);
        point.forEach((x, c) => (value[c] += moved * (x - value[c])));
      });
    } else {
      this.values = points.map((point) => [...point]);
      this.slopes = points.map((point) => point.map(() => 0));
    }
    this.seconds = seconds;
    return this.values.map((value) => [...value]);
  }
}

// The share of a new value in the result of a low-pass of first order.
const share = (cutoffHz, step) => 1 / (1 + 1 / (2 * Math.PI * cutoffHz * step));

export class Person {
  constructor(tables) {
    const { rates_hz: rates, path_hz: path, gain, speed_hz: speed } = tables.smoothing;
    this.tables = tables;
    this.bones = bonesOf(tables.bones);
    this.space = new OneEuro(rates, gain, speed);
    [this.direction, this.distance] = [new OneEuro([path], gain, speed), new OneEuro([path], gain, speed)];
    this.seconds = -Infinity;
  }

  // The next frame: what the network answered (xyz of 133 x 3, errors of 133, mm), the keypoints that it was
  // given, and the picture's [width, height]. Returns points around the hips, and their place before the camera.
  next({ xyz, errors }, keypoints, size, seconds) {
    const points = Array.from(errors, (_, k) => Array.from(xyz.slice(3 * k, 3 * k + 3)));
    this.learnBones(points, errors);
    const smooth = this.bones.lock(this.together(this.space.next(this.apart(points), seconds, METRE)), this.lengths);
    const hips = this.place(smooth, keypoints, size);
    const away = Math.max(length(hips), NEAREST);
    const [direction] = this.direction.next([times(1 / away, hips)], seconds, METRE / away);
    const [[distance]] = this.distance.next([[away]], seconds, METRE);
    this.seconds = seconds;
    return { points: smooth, translation: times(distance, unit(direction)) };
  }

  learnBones(points, errors) {
    const [measures, weights] = [this.bones.measures(points), this.bones.weights(errors)];
    this.lengths ??= measures.map(() => 0);
    this.weights ??= weights.map(() => 0);
    measures.forEach((measure, n) => {
      this.weights[n] += weights[n];
      this.lengths[n] += ((measure - this.lengths[n]) * weights[n]) / this.weights[n];
    });
  }

  // Face and hands relative to nose and wrists, so that each has its own rate and follows the smoothed body.
  apart(points) {
    const parts = [...points];
    for (const [k, anchor] of this.tables.smoothing.attached) parts[k] = minus(points[k], points[anchor]);
    return parts;
  }

  together(parts) {
    const points = [...parts];
    for (const [k, anchor] of this.tables.smoothing.attached) points[k] = add(parts[k], parts[anchor]);
    return points;
  }

  // Where the hips are, so that the points are seen at the keypoints: `camera.place_root`.
  place(points, keypoints, size) {
    const { focal, centre } = cameraOf(size);
    const seen = [];
    let [total, nearest] = [0, Infinity];
    points.forEach(([X, Y, Z], k) => {
      const [x, y, score] = keypoints.slice(VALUES * k, VALUES * k + VALUES);
      if (!(score >= this.tables.min_score)) return;
      const plane = [(x - centre[0]) / focal, (y - centre[1]) / focal];
      const weight = score * this.tables.keypoint_weights[k];
      total += weight;
      if (weight > 0) nearest = Math.min(nearest, Z);
      seen.push({ weight, plane, offset: [plane[0] * Z - X, plane[1] * Z - Y] });
    });
    const mean = (value) => seen.reduce((sum, one) => sum + one.weight * value(one), 0) / total;
    const plane = [0, 1].map((c) => mean((one) => one.plane[c]));
    const offset = [0, 1].map((c) => mean((one) => one.offset[c]));
    const spread = [0, 1].reduce((sum, c) => sum + mean((one) => (one.plane[c] - plane[c]) ** 2), 0);
    const along = [0, 1].reduce((sum, c) => sum + mean((one) => (one.plane[c] - plane[c]) * (one.offset[c] - offset[c])), 0);
    const depth = Math.max(-along / Math.max(spread, 1e-12), this.tables.nearest_mm - nearest);
    return [offset[0] + plane[0] * depth, offset[1] + plane[1] * depth, depth];
  }
}
