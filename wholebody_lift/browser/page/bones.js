// Bone lengths: how they are measured, and how a pose is given them. body/bone_lengths.py and body/girdle.py, for
// one frame. A pose is a list of 133 points [x, y, z] in mm; measures are numbers in the order of Python's `Measures`.

import { add, axes, cross, dot, fit, length, mean, minus, times, turned, turnedBack, unit } from "./vectors.js";

export function bonesOf(tables) {
  const { limbs, fingers, rigid, hips, shoulders, head, face, firm_face: firm, nose } = tables;
  const count = limbs.length + fingers.length + 4;
  const [HIPS, SHOULDERS, FACE, NECK] = [count - 4, count - 3, count - 2, count - 1]; // their places
  const at = (xyz, keypoints) => keypoints.map((k) => xyz[k]);
  const between = (xyz, [a, b]) => length(minus(xyz[b], xyz[a]));

  const trunk = (xyz) => length(minus(mean(at(xyz, shoulders)), mean(at(xyz, hips))));

  function waist(xyz, trunkLength) {
    const middle = mean(at(xyz, hips));
    const [left, right] = at(xyz, hips);
    const up = axes(0, minus(left, right), 1, minus(mean(at(xyz, shoulders)), middle))[1];
    return add(middle, times(tables.waist * trunkLength, up));
  }

  // The middle of the shoulders, and the directions up the trunk and backwards, square to the shoulders.
  function circle(from, [left, right]) {
    const [middle, across] = [mean([left, right]), unit(minus(left, right))];
    const chord = minus(middle, from);
    const up = unit(minus(chord, times(dot(chord, across), across)));
    return { middle, up, back: cross(up, across) };
  }

  function relaxedNeckBase(xyz) {
    const { middle, back } = circle(waist(xyz, trunk(xyz)), at(xyz, shoulders));
    return add(middle, times(tables.set_back * between(xyz, shoulders), back));
  }

  // The base of the neck, at the end of a straight spine or as near to it as the shoulders allow.
  function neckBase(xyz, setBack) {
    const from = waist(xyz, trunk(xyz));
    const { middle, up, back } = circle(from, at(xyz, shoulders));
    const chord = minus(middle, from);
    const square = dot(chord, chord) + setBack ** 2;
    const leeway = 2 * setBack * Math.max(dot(chord, up), Number.MIN_VALUE * 2 ** 52);
    const usual = Math.sqrt(square);
    const spine = Math.min(Math.max(Math.sqrt(square - tables.swing * leeway), usual), tables.longest * usual);
    const sine = Math.min(Math.max((square - spine ** 2) / leeway, -tables.swing), tables.swing);
    return add(middle, times(setBack, minus(times(Math.sqrt(1 - sine ** 2), back), times(sine, up))));
  }

  function headPivot(xyz) {
    const [tip, leftEye, rightEye, leftEar, rightEar] = at(xyz, head);
    const ears = mean([leftEar, rightEar]);
    const ahead = minus(mean([mean([leftEye, rightEye]), tip]), ears);
    const turn = axes(2, ahead, 0, minus(leftEar, rightEar));
    return add(ears, times(length(minus(tip, ears)), turned(turn, tables.head_pivot)));
  }

  function faceSize(xyz) {
    const middle = mean(at(xyz, firm));
    return Math.sqrt(at(xyz, firm).reduce((sum, p) => sum + dot(minus(p, middle), minus(p, middle)), 0) / firm.length);
  }

  function shape(xyz, { origin, members, ahead, across: [left, right] }) {
    const turn = axes(2, minus(mean(at(xyz, ahead)), xyz[origin]), 0, minus(xyz[left], xyz[right]));
    return members.flatMap((k) => turnedBack(turn, minus(xyz[k], xyz[origin])));
  }

  const measures = (xyz) => [
    ...[...limbs, ...fingers, hips, shoulders].map((ends) => between(xyz, ends)),
    faceSize(xyz),
    length(minus(headPivot(xyz), relaxedNeckBase(xyz))),
    ...rigid.flatMap((part) => shape(xyz, part)),
  ];

  // Weights of the measures: inverse variances, from errors of the 133 in mm.
  function weights(errors) {
    const of = (members) => {
      const variance = members.reduce((sum, k) => sum + errors[k] ** 2, 0) / members.length;
      return 1 / Math.max(2 * variance, 1e-6);
    };
    return [
      ...[...limbs, ...fingers, hips, shoulders, firm, [...shoulders, ...head]].map(of),
      ...rigid.flatMap(({ origin, members }) => Array(3 * members.length).fill(of([origin, ...members]))),
    ];
  }

  // The pose with these measures: `lock_lengths`.
  function lock(xyz, wanted) {
    const middle = mean(at(xyz, hips));
    xyz = xyz.map((p) => minus(p, middle));
    const locked = [...xyz];
    for (const [pair, width] of [[hips, wanted[HIPS]], [shoulders, wanted[SHOULDERS]]]) {
      const [left, right] = at(xyz, pair);
      const half = times(width / 2, unit(minus(left, right)));
      [locked[pair[0]], locked[pair[1]]] = [add(mean([left, right]), half), minus(mean([left, right]), half)];
    }
    limbs.forEach(([parent, child], n) => {
      locked[child] = add(locked[parent], times(wanted[n], unit(minus(xyz[child], locked[parent]))));
    });
    let start = count;
    for (const { origin, members } of rigid) {
      const points = members.map((_, n) => wanted.slice(start + 3 * n, start + 3 * n + 3));
      const turn = fit(points, members.map((k) => minus(xyz[k], xyz[origin])));
      members.forEach((k, n) => (locked[k] = add(locked[origin], turned(turn, points[n]))));
      start += 3 * members.length;
    }
    fingers.forEach(([parent, child], n) => {
      locked[child] = add(locked[parent], times(wanted[limbs.length + n], unit(minus(xyz[child], xyz[parent]))));
    });
    const neck = minus(headPivot(locked), neckBase(locked, tables.set_back * wanted[SHOULDERS]));
    const shift = minus(times(wanted[NECK], unit(neck)), neck);
    for (const k of head) locked[k] = add(locked[k], shift);
    const factor = wanted[FACE] / faceSize(xyz);
    for (const k of face) locked[k] = add(locked[nose], times(factor, minus(xyz[k], xyz[nose])));
    return locked;
  }

  return { measures, weights, lock };
}
