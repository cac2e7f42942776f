/** Outward unit normals of some vertices of a body: the sum over their faces. */
function normals([x, y, z], [a, b, c], wanted) {
  const sums = new Map(wanted.map((vertex) => [vertex, [0, 0, 0]]));
  const edge = (from, to) => [x[to] - x[from], y[to] - y[from], z[to] - z[from]];
  for (let i = 0; i < a.length; i++) {
    const corners = [a[i], b[i], c[i]];
    if (!corners.some((vertex) => sums.has(vertex))) continue;
    const u = edge(a[i], b[i]), v = edge(a[i], c[i]);
    const cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    for (const vertex of corners) {
      const sum = sums.get(vertex);
      if (sum) cross.forEach((part, axis) => { sum[axis] += part; });
    }
  }
  return wanted.map((vertex) => {
    const length = Math.hypot(...sums.get(vertex)) || 1;
    return sums.get(vertex).map((part) => part / length);
  });
}

/** Ranges that hold all bodies, so that one camera shows them at one scale. */
function boxOf(bodies) {
  const ranges = [0, 1, 2].map((axis) => {
    let low = Infinity, high = -Infinity;
    for (const body of bodies) {
      for (const value of body[axis]) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return [low - 0.01, high + 0.01];
  });
  const sizes = ranges.map(([low, high]) => high - low);
  return { ranges, sizes, longest: Math.max(...sizes) };
}

const DIRECTIONS = {
  front: [1, 0, 0.1], back: [-1, 0, 0.1], left: [0, 1, 0.1], right: [0, -1, 0.1],
  face: [1, 0, 0.1], feet: [0.9, 0.3, 0.7],
};
const CLOSE = { face: 0.32, feet: 0.45 }; // distance in units of the body's longest side

/** plotly's camera that looks from a direction at a target from near by, or else at the whole body. */
function cameraOf(direction, { ranges, sizes, longest }, { clientWidth, clientHeight }, target, near) {
  const middle = ranges.map(([low, high]) => (low + high) / 2);
  const center = (target || middle).map((value, axis) => (value - middle[axis]) / longest);
  // The body fills the stage: plotly looks through an angle of 45 degrees from top to bottom.
  const [deep, wide, tall] = direction[0] ? sizes : [sizes[1], sizes[0], sizes[2]];
  const height = 1.03 * Math.max(tall, (wide * clientHeight) / clientWidth);
  const whole = (height / (2 * Math.tan(Math.PI / 8)) + deep / 2) / longest;
  const distance = target ? near / Math.hypot(...direction) : whole;
  const point = ([x, y, z]) => ({ x, y, z });
  return {
    up: point([0, 0, 1]),
    center: point(center),
    eye: point(center.map((value, axis) => value + distance * direction[axis])),
  };
}
