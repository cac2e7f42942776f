"use strict";
const $ = (id) => document.getElementById(id);
const report = JSON.parse($("report-data").textContent);
const charts = JSON.parse($("chart-data").textContent);
const BEFORE_AFTER = ["before", "after"];
const LABELS = report.options ? ["before", "after"] : ["A", "B"];
const SIDES = report.options ? LABELS : ["in A", "in B"];
const other = (when) => (when === "before" ? "after" : "before");

/** The numbers of a packed block, as viewer.py wrote them. */
function unpack(block) {
  const bytes = Uint8Array.from(atob(block.data), (letter) => letter.charCodeAt(0));
  const kinds = { i2: Int16Array, u2: Uint16Array, f4: Float32Array };
  const numbers = new kinds[block.dtype](bytes.buffer);
  return block.step ? Float32Array.from(numbers, (n) => n * block.step) : numbers;
}

/** Triples (n, 3) as three arrays of n. */
function columns(flat) {
  const column = (axis) => flat.filter((_, i) => i % 3 === axis);
  return [column(0), column(1), column(2)];
}

/** The same in plotly's axes, whose third is up: x forward, y to the subject's left, z up. */
const upright = (flat) => { const [left, up, forward] = columns(flat); return [forward, left, up]; };

/** Sparse weight rows with an O(1) way to a vertex's row. */
function unpackRows(section) {
  const counts = unpack(section.counts);
  const starts = new Uint32Array(counts.length + 1);
  counts.forEach((count, vertex) => { starts[vertex + 1] = starts[vertex] + count; });
  const rows = { starts, joints: unpack(section.joints), values: unpack(section.values) };
  rows.of = (vertex) => {
    const found = new Map();
    for (let i = starts[vertex]; i < starts[vertex + 1]; i++) found.set(rows.joints[i], rows.values[i]);
    return found;
  };
  return rows;
}

/** A number in at most four significant digits; zero stays 0. */
const short = (value) => (value === 0 ? "0" : String(Number(value.toPrecision(4))));

/** An element with attributes and children; a child that is text stays text, whatever is in it. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Text that plotly shows as it is: its labels know a few tags. */
const plain = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
