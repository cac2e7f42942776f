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
  const said = make("span", { role: "status" });
  const line = make("div", { class: "filter" }, make("label", {}, "Filter ", input), said);
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    said.textContent = wanted ? `${shown} of ${body.rows.length} rows` : "";
  });
  $(`${table.id}-title`).after(line);
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
    bodies.choose(Number(row.dataset.vertex));
    $("body").scrollIntoView();
  });
}

document.querySelectorAll("table.sortable").forEach(makeSortable);
if (bodies) document.querySelectorAll("tr[data-vertex]").forEach(linkVertex);
drawEverything();

// Paper cannot be opened up.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
