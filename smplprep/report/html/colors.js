/** From figures at the vertices to places on one color ramp, from 0 to 1, and the ramp's ticks. */
const RAMP = [
  [0, "#c6c2bb"], [0.06, "#ecd3a4"], [0.3, "#eda64d"], [0.55, "#d9621f"], [0.8, "#a32309"], [1, "#5c0b12"],
];
const FAINTEST = -5; // log10 of the smallest weight that the ramp tells apart

/** {before, after} of whatever a function makes of each. */
const both = (make) => Object.fromEntries(BEFORE_AFTER.map((when) => [when, make(when)]));

const largest = (fields) =>
  BEFORE_AFTER.reduce((most, when) => fields[when].reduce((a, b) => Math.max(a, b), most), 0);

const SCALES = {
  linear(fields) {
    const top = largest(fields);
    if (!top) return { place: () => 0, ticks: [[0, "0 at every vertex"]] };
    const ticks = [0, top / 2, top].map((value) => [value / top, short(Number(value.toPrecision(3)))]);
    return { place: (value) => value / top, ticks };
  },

  /** Zero has a place of its own below all others. */
  logarithmic() {
    const place = (value) => (value > 0 ? 0.1 + 0.9 * Math.max(0, 1 - Math.log10(value) / FAINTEST) : 0);
    const ticks = [-4, -3, -2, -1, 0].map((power) => [place(10 ** power), power ? `1e${power}` : "1"]);
    return { place, ticks: [[0, "0"], ...ticks] };
  },

  /** Whole numbers from 1. */
  counted(fields) {
    const top = Math.max(largest(fields), 2);
    const ticks = [];
    for (let n = 1; n <= top; n += Math.ceil(top / 8)) ticks.push([(n - 1) / (top - 1), String(n)]);
    return { place: (value) => (value - 1) / (top - 1), ticks };
  },
};
