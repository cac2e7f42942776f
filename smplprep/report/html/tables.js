/** Tables that sort by a click on a heading and, where long, filter as one types. */
const FILTER_FROM = 12; // rows

const cellValue = (row, column) => {
  const cell = row.cells[column];
  const data = cell.querySelector("data");
  return data ? (data.value === "" ? -Infinity : Number(data.value)) : cell.textContent.trim();
};
const compare = (p, q) => (typeof p === "number" ? p - q : p.localeCompare(q, "en", { numeric: true }));

function makeSortable(table) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      // Numbers are asked for their largest first, words for A first.
      const first = heading.dataset.kind === "number" ? "descending" : "ascending";
      const second = first === "ascending" ? "descending" : "ascending";
      const order = heading.getAttribute("aria-sort") === first ? second : first;
      for (const cell of heading.parentNode.cells) cell.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      body.append(...[...body.rows].sort((p, q) => sign * compare(cellValue(p, column), cellValue(q, column))));
    });
  });
  if (body.rows.length >= FILTER_FROM) addFilter(table, body);
}

function addFilter(table, body) {
  const input = make("input", { type: "search", id: `filter-${table.id}` });
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    sayRest(table.parentNode);
  });
  $(`${table.id}-title`).after(make("label", { class: "filter" }, "Filter ", input));
}

/** Above what scrolls: how much of it is in view. */
function sayRest(scroller) {
  const { top, bottom } = scroller.getBoundingClientRect();
  const rows = [...scroller.querySelectorAll("tbody tr")];
  const kept = rows.filter((row) => !row.hidden);
  const head = scroller.querySelector("thead")?.offsetHeight || 0;
  const places = kept.map((row) => row.getBoundingClientRect());
  const seen = places.filter((row) => row.top >= top + head - 1 && row.bottom <= bottom + 1).length;
  const words = [];
  if (seen < kept.length) words.push(`${seen} of ${kept.length} rows, scroll`);
  else if (kept.length < rows.length) words.push(`${kept.length} of ${rows.length} rows`);
  if (scroller.scrollWidth > scroller.clientWidth + 1) words.push("scroll sideways for the rest");
  scroller.previousElementSibling.textContent = words.join("; ");
}

/** A row's vertex can be shown on the body. */
function linkVertex(row) {
  const cell = row.cells[0];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.title = "show on the body";
  button.append(...cell.childNodes);
  cell.append(button);
  row.addEventListener("click", () => {
    bodies.choose(Number(cell.querySelector("data").value));
    $("body").scrollIntoView();
  });
}

document.querySelectorAll("table.sortable").forEach(makeSortable);
if (bodies) {
  document.querySelectorAll("tr[data-vertex]").forEach(linkVertex);
  const link = document.querySelector("a[data-vertex]");
  if (link) link.addEventListener("click", () => bodies.choose(Number(link.dataset.vertex)));
}
const resized = new ResizeObserver((entries) => { for (const { target } of entries) sayRest(target); });
for (const scroller of document.querySelectorAll(".scroll")) {
  scroller.before(make("p", { class: "rest", role: "status" }));
  resized.observe(scroller);
}
drawEverything();

// Paper cannot be opened up.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
