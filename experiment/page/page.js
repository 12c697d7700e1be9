// Puts the page together.

const player = new Player(document.getElementById("pictures"));
let charts = null;

function showCharts({runs, panels}) {
  const place = document.getElementById("charts");
  document.getElementById("curves").hidden = !panels.length;
  if (!charts || charts.length !== panels.length) {          // metrics that came later have new charts
    zoom.charts.length = 0;
    charts = panels.map(panel => new Chart(panel));
    place.replaceChildren(...charts.map(chart => chart.figure));
  }
  for (const chart of charts) chart.show(runs);
}

function showAll(data) {
  const run = data.runs[0];
  if (document.getElementById("state")) {
    showState(run, data.written);
    showWarnings(run);
    showTrack(run, data.panels);
  }
  player.update(data.runs);
  showCharts(data);
}

/** Sort the rows of a table by a column; again: the other way round. Numbers by size, empty cells last. */
function sortBy(head) {
  const row = head.parentElement, column = [...row.children].indexOf(head);
  const falling = head.getAttribute("aria-sort") === "ascending", body = head.closest("table").tBodies[0];
  const key = line => line.children[column].textContent.trim();
  const compare = (a, b) => {
    const [x, y] = [a, b].map(key), [m, n] = [x, y].map(text => Number(text.replaceAll(",", "")));
    if (!x || !y) return Boolean(y) - Boolean(x);
    const order = Number.isNaN(m) || Number.isNaN(n) ? x.localeCompare(y) : m - n;
    return falling ? -order : order;
  };
  body.append(...[...body.rows].sort(compare));
  for (const other of row.children) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", falling ? "descending" : "ascending");
}

/** Copy the command beside a button, or select it where the browser does not let a page copy. */
async function copyBeside(button) {
  const command = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "Copied";
  } catch {
    window.getSelection().selectAllChildren(command);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

document.addEventListener("click", event => {
  const button = event.target.closest("button");
  if (button?.matches(".copy")) copyBeside(button);
  if (button?.matches(".sort")) sortBy(button.closest("th"));
  if (button?.matches(".whole-run")) zoom.set(null);
  if (button?.matches(".over-time")) zoom.setTime(!zoom.isTime);
  if (button?.matches(".still")) enlarged.open(button.querySelector("img"), button.querySelector("img").alt);
  if (button?.matches(".close") || event.target === enlarged.dialog) enlarged.close();
});
enlarged.dialog.addEventListener("close", () => enlarged.close());

let data = stored("data");
showAll(data);
if (document.getElementById("state") && !finished(data.runs[0])) {
  follow(news => { data = news; showAll(news); });
  setInterval(() => showNews(data.runs[0], data.written), 1000);
}
