/** Draw what the page needs, the bodies first, one thing at a time so that it stays responsive. */
const bodies = report.viewer ? makeBodies() : null;

const breath = () => new Promise((resolve) => setTimeout(resolve, 0));

async function drawEverything() {
  try {
    if (bodies) await bodies.start();
  } catch (error) {
    $("readout").textContent = "This browser cannot draw the bodies in 3D. Everything else on the page is complete.";
    console.warn(error);
  }
  document.documentElement.dataset.ready = Math.round(performance.now());
  for (const [id, figure] of Object.entries(charts)) {
    await breath();
    await Plotly.newPlot($(id), figure.data, figure.layout, { displayModeBar: false, responsive: true });
  }
  document.documentElement.dataset.complete = Math.round(performance.now());
}

// On paper a chart is as wide as the page, whatever the window was.
const PAPER = 680;
const resizeCharts = (size) => { for (const id of Object.keys(charts)) if ($(id).data) Plotly.relayout($(id), size); };
addEventListener("beforeprint", () => resizeCharts({ width: PAPER }));
addEventListener("afterprint", () => resizeCharts({ width: null, autosize: true }));
