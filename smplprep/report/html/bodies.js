/** Two bodies side by side under one camera. */
const LEAK_DOT = "#c2340a", GOOD_DOT = "#1d5fa6", CHOSEN_DOT = "#111111";
const CLOSE_UPS = { face: ["nose"], feet: ["LHeel", "RHeel", "LBigToe", "RBigToe"] }; // view -> landmarks
const DEFAULT_MODES = { before: "removed", after: "displacement" };
const LIFT = 0.006; // meters by which a landmark's dot stands off the skin

function makeBodies() {
  const packed = report.viewer;
  const nVertices = packed.rest.before.shape[0];
  const faces = columns(unpack(packed.faces));
  const weights = {}, poses = { rest: {}, worst: {} };
  for (const when of BEFORE_AFTER) {
    weights[when] = unpackRows(packed.weights[when]);
    for (const pose of ["rest", "worst"]) {
      poses[pose][when] = upright(unpack(packed[pose][when] || packed[pose].before));
    }
  }
  const worstMm = unpack(packed.worst_pose_mm), largestMm = unpack(packed.largest_mm);
  const landmarkAt = new Map(report.landmarks.filter((row) => row.vertex !== null).map((row) => [row.vertex, row]));
  const stages = Object.fromEntries(BEFORE_AFTER.map((when) => [when, $(`stage-${when}`)]));
  const state = { pose: "rest", chosen: null };
  const invitation = [...$("readout").childNodes];

  // ---- what the colors mean ----

  const perVertex = (figure) => Float32Array.from({ length: nVertices }, (_, vertex) => figure(vertex));
  /** The weight mass on joints that the other body's row lacks. */
  const alone = (own, others) => perVertex((vertex) => {
    const there = others.of(vertex);
    let mass = 0;
    for (const [joint, weight] of own.of(vertex)) if (!there.has(joint)) mass += weight;
    return mass;
  });
  const influences = (when) => perVertex((v) => weights[when].starts[v + 1] - weights[when].starts[v]);
  const chosenJoint = (when) => {
    const joint = Number($("joint").value);
    return perVertex((vertex) => weights[when].of(vertex).get(joint) || 0);
  };
  const posed = () => state.pose === "worst";
  const MODES = {
    removed: {
      title: () => `weight ${report.options ? "removed from the vertex" : "on joints that the other lacks"}, of 1`,
      scale: SCALES.linear,
      field: (when) => alone(weights[when], weights[other(when)]),
    },
    displacement: {
      title: () => `${posed() ? "displacement in this pose" : `largest displacement in ${report.pose_set.poses} poses`}, mm`,
      scale: SCALES.linear,
      field: () => (posed() ? worstMm : largestMm),
    },
    influences: { title: () => "influences: joints that move the vertex", scale: SCALES.counted, field: influences },
    joint: {
      title: () => `weight of ${packed.joints[$("joint").value]}, of 1, log scale`,
      scale: SCALES.logarithmic,
      field: chosenJoint,
    },
  };

  /** Each body's shades; its legend is drawn along the way. */
  function colored() {
    return both((when) => {
      const mode = MODES[$("mode").value] || MODES[DEFAULT_MODES[when]];
      const fields = both(mode.field);
      const { place, ticks } = mode.scale(fields);
      drawLegend($(`legend-${when}`), mode.title(), ticks);
      return fields[when].map(place);
    });
  }

  function drawLegend(legend, title, ticks) {
    const stops = RAMP.map(([at, color]) => `${color} ${100 * at}%`).join(", ");
    const marks = ticks.map(([at, text]) => make("span", { style: `left:${100 * at}%` }, text));
    const ramp = make("i", { style: `background:linear-gradient(90deg, ${stops})` });
    legend.replaceChildren(make("span", {}, title), ramp, make("span", { class: "ticks" }, ...marks));
  }

  // ---- geometry ----

  function lifted(body, vertices) {
    const out = normals(body, faces, vertices);
    return [0, 1, 2].map((axis) => vertices.map((vertex, i) => body[axis][vertex] + LIFT * out[i][axis]));
  }

  const box = () => boxOf(BEFORE_AFTER.map((when) => poses[state.pose][when]));

  /** The middle of these landmarks; null where the model has none of them. */
  function middleOf(names) {
    const found = names.map((name) => report.landmarks.find((row) => row.landmark === name)).filter(Boolean);
    const body = poses[state.pose].before;
    const mean = (axis) => found.reduce((sum, { vertex }) => sum + body[axis][vertex], 0) / found.length;
    return found.length ? [0, 1, 2].map(mean) : null;
  }

  function camera(view) {
    const target = middleOf(CLOSE_UPS[view] || []);
    return cameraOf(DIRECTIONS[view] || DIRECTIONS.front, box(), stages.before, target, CLOSE[view]);
  }

  /** A close look at a vertex, from outside and not too steep. */
  function cameraAt(vertex) {
    const body = poses[state.pose].before;
    const [[forward, left, up]] = normals(body, faces, [vertex]);
    const target = body.map((axis) => axis[vertex]);
    return cameraOf([forward + 0.2, left, Math.min(0.6, Math.max(-0.6, up))], box(), stages.before, target, 0.5);
  }

  // ---- words ----

  function named(vertex) {
    const landmark = landmarkAt.get(vertex);
    return `vertex ${vertex}${landmark ? `, ${landmark.landmark}` : ""}`;
  }

  /** [joint name, weight before, weight after], the heaviest first. */
  function weightRows(vertex) {
    const [was, is] = BEFORE_AFTER.map((when) => weights[when].of(vertex));
    return [...new Set([...was.keys(), ...is.keys()])]
      .map((joint) => [packed.joints[joint], was.get(joint) || 0, is.get(joint) || 0])
      .sort((p, q) => q[1] - p[1] || q[2] - p[2]);
  }

  function hoverText(vertex) {
    const lines = weightRows(vertex).map(([joint, was, is]) => `${plain(joint)}  ${short(was)} → ${short(is)}`);
    return [`<b>${plain(named(vertex))}</b>`, ...lines].join("<br>");
  }

  function readOut(vertex) {
    const landmark = landmarkAt.get(vertex);
    const rows = weightRows(vertex);
    const line = (scope, first, tag, cells) => make(
      "tr", {}, make("th", { scope }, first), ...cells.map((cell) => make(tag, { class: "number" }, cell)),
    );
    const head = line("col", "weight on", "th", rows.map((row) => row[0]));
    const sides = [0, 1].map((i) => line("row", LABELS[i], "td", rows.map((row) => short(row[1 + i]))));
    const leaks = BEFORE_AFTER.map((m, i) => landmark && `${landmark[m].leaks.length} ${SIDES[i]}`);
    const leaking = landmark ? ` Joints outside its chain that move it: ${leaks.join(", ")}.` : "";
    const moves = ` moves ${short(largestMm[vertex])} mm at most, ${short(worstMm[vertex])} mm in the worst pose.`;
    const cause = largestMm[vertex] && rows.every((row) => row[1] === row[2])
      ? " Its weights are the same, so its correctives, joints or shapes moved it." : "";
    $("readout").replaceChildren(
      make("p", {}, make("b", {}, named(vertex)), moves + cause + leaking),
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...sides)),
    );
    $("readout").dataset.vertex = vertex;
  }

  // ---- drawing ----

  const texts = Array.from({ length: nVertices }, (_, vertex) => hoverText(vertex));
  const marked = [...landmarkAt.keys()];

  function dots(body, vertices, style) {
    const [x, y, z] = lifted(body, vertices);
    const text = vertices.map((vertex) => texts[vertex]);
    const hover = { text, hoverinfo: "text", customdata: vertices };
    return { type: "scatter3d", mode: "markers", x, y, z, ...hover, marker: style, showlegend: false };
  }

  function traces(when, shades) {
    const body = poses[state.pose][when];
    const mesh = {
      type: "mesh3d", x: body[0], y: body[1], z: body[2], i: faces[0], j: faces[1], k: faces[2],
      intensity: shades[when], cmin: 0, cmax: 1, colorscale: RAMP, showscale: false,
      text: texts, hoverinfo: "text", flatshading: false,
      lighting: {
        ambient: 0.62, diffuse: 0.55, specular: 0.06, roughness: 0.9, fresnel: 0.05,
        vertexnormalsepsilon: 1e-15, facenormalsepsilon: 1e-15, // faces of a square millimeter count, too
      },
      lightposition: { x: 1200, y: 300, z: 900 },
    };
    const color = marked.map((vertex) => (landmarkAt.get(vertex)[when].leaks.length ? LEAK_DOT : GOOD_DOT));
    const chosen = state.chosen === null ? [] : [state.chosen];
    const ring = { size: 9, color: CHOSEN_DOT, symbol: "circle-open", line: { width: 3, color: CHOSEN_DOT } };
    return [
      mesh,
      dots(body, marked, { size: 4, color: color, line: { width: 1, color: "#ffffff" } }),
      dots(body, chosen, ring),
    ];
  }

  function layout() {
    const { ranges, sizes, longest } = box();
    const axis = (i) => ({ visible: false, showspikes: false, range: ranges[i], autorange: false });
    return {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12 },
      hoverlabel: { align: "left", bgcolor: "#2b2a28", bordercolor: "#2b2a28", font: { color: "#ffffff" } },
      scene: {
        xaxis: axis(0), yaxis: axis(1), zaxis: axis(2), dragmode: "turntable", hovermode: "closest",
        aspectmode: "manual", aspectratio: { x: sizes[0] / longest, y: sizes[1] / longest, z: sizes[2] / longest },
        camera: current,
      },
    };
  }

  const config = { displayModeBar: false, responsive: true, plotGlPixelRatio: Math.min(2, devicePixelRatio || 1) };
  let current = null;

  /** Pictures for print, where a WebGL canvas comes out blank; made once things have come to rest. */
  let still = 0;
  function takeStills() {
    clearTimeout(still);
    still = setTimeout(async () => {
      const { clientWidth: width, clientHeight: height } = stages.before;
      const size = { format: "png", width, height };
      for (const when of BEFORE_AFTER) $(`still-${when}`).src = await Plotly.toImage(stages[when], size);
    }, 1500);
  }

  async function draw() {
    const shades = colored();
    for (const when of BEFORE_AFTER) await Plotly.react(stages[when], traces(when, shades), layout(), config);
    takeStills();
  }

  /** The other body follows at most once a frame. */
  function follow(when) {
    let waiting = null;
    const take = (event) => {
      const view = event["scene.camera"];
      if (!view || view === current) return;
      current = view;
      $("view").value = "free";
      takeStills();
      if (waiting) return;
      waiting = requestAnimationFrame(() => {
        waiting = null;
        Plotly.relayout(stages[other(when)], { "scene.camera": current });
      });
    };
    let mine = false; // whether the pointer is on this body; else the event is our own echo
    stages[when].addEventListener("pointerenter", () => { mine = true; });
    stages[when].addEventListener("pointerleave", () => { mine = false; });
    for (const name of ["plotly_relayouting", "plotly_relayout"]) {
      stages[when].on(name, (event) => { if (mine) take(event); });
    }
  }

  const isVertex = (number) => Number.isInteger(number) && number >= 0 && number < nVertices;

  /** Mark a vertex, read its weights, and turn the bodies so that it is seen. */
  async function choose(vertex) {
    if (!isVertex(vertex)) return;
    state.chosen = vertex;
    $("vertex").value = vertex;
    readOut(vertex);
    current = cameraAt(vertex);
    $("view").value = "free";
    await draw();
  }

  async function chooseNone(...said) {
    state.chosen = null;
    $("readout").replaceChildren(...said);
    delete $("readout").dataset.vertex;
    await draw();
  }

  /** The vertex whose number stands in the box; none where it is empty or the model has no such. */
  function chooseTyped() {
    const { value, valueAsNumber, validity } = $("vertex");
    if (value === "" && !validity.badInput) return chooseNone(...invitation);
    if (isVertex(valueAsNumber)) return choose(valueAsNumber);
    return chooseNone(make("p", {}, `no vertex ${value || "?"} of ${nVertices}`));
  }

  async function start() {
    $("vertex").max = nVertices - 1;
    for (const [view, names] of Object.entries(CLOSE_UPS)) {
      if (!middleOf(names)) $("view").querySelector(`[value=${view}]`).remove();
    }
    current = camera("front");
    await draw();
    for (const when of BEFORE_AFTER) {
      stages[when].on("plotly_hover", ({ points: [point] }) => readOut(point.customdata ?? point.pointNumber));
      follow(when);
    }
    $("mode").addEventListener("change", () => {
      $("joint-label").hidden = $("mode").value !== "joint";
      draw();
    });
    $("joint").addEventListener("change", draw);
    for (const id of ["pose", "view"]) {
      $(id).addEventListener("change", () => {
        state.pose = $("pose").value;
        current = camera($("view").value);
        draw();
      });
    }
    $("vertex").addEventListener("change", chooseTyped);
  }

  return { start, choose };
}
