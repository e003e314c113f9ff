// Vectors [x, y, z], and rotations as their three columns.

export const add = (a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const times = (s, a) => [s * a[0], s * a[1], s * a[2]];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const length = (a) => Math.sqrt(dot(a, a));
export const unit = (a) => times(1 / Math.max(length(a), Number.MIN_VALUE * 2 ** 52), a); // zero stays zero
export const mean = (points) => times(1 / points.length, points.reduce(add));
export const turned = (columns, a) => add(add(times(a[0], columns[0]), times(a[1], columns[1])), times(a[2], columns[2]));
export const turnedBack = (columns, a) => columns.map((column) => dot(column, a));

// The rotation that takes axis `first` along `primary` and axis `second` towards `secondary`.
export function axes(first, primary, second, secondary) {
  const sign = (second - first + 3) % 3 === 1 ? 1 : -1;
  const columns = [];
  columns[first] = unit(primary);
  columns[3 - first - second] = times(sign, unit(cross(primary, secondary)));
  columns[second] = times(sign, cross(columns[3 - first - second], columns[first]));
  return columns;
}

// The rotation about the origin that brings a shape closest to points, by least squares: the eigenvector of the
// largest eigenvalue of Horn's matrix (1987) is its quaternion.
export function fit(shape, points) {
  const s = [0, 1, 2].map((i) => [0, 1, 2].map((j) => shape.reduce((sum, a, n) => sum + a[i] * points[n][j], 0)));
  const [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
  const [w, x, y, z] = principal([
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, zz - xx - yy],
  ]);
  return [
    [w * w + x * x - y * y - z * z, 2 * (x * y + w * z), 2 * (x * z - w * y)],
    [2 * (x * y - w * z), w * w - x * x + y * y - z * z, 2 * (y * z + w * x)],
    [2 * (x * z + w * y), 2 * (y * z - w * x), w * w - x * x - y * y + z * z],
  ];
}

// The eigenvector of the largest eigenvalue of a symmetric matrix, by Jacobi's rotations.
function principal(matrix) {
  const a = matrix.map((row) => [...row]);
  const size = a.length;
  const vectors = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 30; sweep++) {
    let rest = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        rest += Math.abs(a[p][q]);
        if (a[p][q] === 0) continue;
        const ratio = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1));
        const cosine = 1 / Math.hypot(tangent, 1);
        const sine = tangent * cosine;
        const rotate = (rows, columns) => {
          [rows, columns] = [cosine * rows - sine * columns, sine * rows + cosine * columns];
          return [rows, columns];
        };
        for (let k = 0; k < size; k++) [a[k][p], a[k][q]] = rotate(a[k][p], a[k][q]);
        for (let k = 0; k < size; k++) [a[p][k], a[q][k]] = rotate(a[p][k], a[q][k]);
        for (const vector of vectors) [vector[p], vector[q]] = rotate(vector[p], vector[q]);
      }
    }
    if (rest === 0) break;
  }
  const largest = a.reduce((best, _, i) => (a[i][i] > a[best][best] ? i : best), 0);
  return vectors.map((vector) => vector[largest]);
}
