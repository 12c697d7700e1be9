// The state of one run: how far it is, whether its numbers are those of good runs, and news while it trains.

const QUIET = 600;                   // seconds without news after which a run has perhaps stopped
const GOOD = "inside";
const ASK = 3000;                    // milliseconds between questions for news

/** How far the run is. */
function showState(run, written) {
  const {step, epoch, seconds, images_per_s: speed} = run.metrics, last = step.length - 1;
  const done = last < 0 ? 0 : step[last], share = run.steps ? Math.min(done / run.steps, 1) : 0;
  const ofAll = run.steps ? ` of ${shown(run.steps)}` : "";
  const parts = [last < 0 ? "No report yet" : `step ${shown(done)}${ofAll}`];
  if (last >= 0 && epoch?.[last]) parts.push(`epoch ${epoch[last]}${run.epochs ? ` of ${run.epochs}` : ""}`);
  if (last >= 0 && seconds?.[last]) {
    parts.push(`${duration(seconds[last])} trained`);
    if (share && share < 1) parts.push(`about ${duration(seconds[last] / share * (1 - share))} left`);
  }
  if (last >= 0 && speed?.[last]) parts.push(`${shown(speed[last])} images a second`);
  document.getElementById("progress").value = share;
  document.getElementById("state").textContent = parts.join(" · ");
  showNews(run, written);
}

/** When the last news came. */
function showNews(run, written) {
  const age = Math.max(0, Date.now() / 1000 - written), isDone = finished(run);
  const news = document.getElementById("news");
  news.className = isDone ? "finished" : age > QUIET ? "quiet" : "training";
  news.textContent = isDone ? "finished" : age > QUIET ? `no news for ${duration(age)}`
    : `training, news ${duration(age)} ago`;
}

function finished(run) {
  return run.steps !== null && (run.metrics.step.at(-1) ?? 0) >= run.steps;
}

function showWarnings(run) {
  const place = document.getElementById("warnings");
  place.hidden = !run.warnings.length;
  place.querySelector("ul").replaceChildren(...run.warnings.map(({message, step}) => element(
    "li", {text: step === null ? message : `Step ${shown(step)}: ${message}`})));
}

/** Each metric beside the band of good runs. */
function showTrack(run, panels) {
  const {step} = run.metrics, rows = [];
  for (const {panel, line} of panels.flatMap(panel => panel.lines.map(line => ({panel, line})))) {
    const all = Object.hasOwn(run.metrics, line.metric) ? run.metrics[line.metric] : [];
    const value = all.findLast(value => value !== null);         // some metrics are not in every report
    if (value === undefined) continue;
    const band = bandAt(run.band, line.metric, step.at(-1), run.steps);
    const label = panel.lines.length > 1 ? `${panel.title}: ${line.label}` : panel.title;
    const place = !band ? "" : value < band[0] ? "below" : value > band[1] ? "above" : GOOD;
    const cells = [element("th", {scope: "row", text: label}),
                   element("td", {class: "number", text: shown(value)})];
    if (run.band) {
      const reach = band ? `${shown(band[0], 3)} to ${shown(band[1], 3)}` : "";
      cells.push(element("td", {class: "number", text: reach}),
                 element("td", {}, element("span", {class: place === GOOD ? "mark good" : place && "mark off",
                                                    text: place})));
    }
    rows.push(element("tr", {}, ...cells));
  }
  const heads = ["", "now", ...(run.band ? ["good runs here", ""] : [])];
  document.getElementById("track").replaceChildren(
    element("thead", {}, element("tr", {}, ...heads.map(text => element("th", {scope: "col", text})))),
    element("tbody", {}, ...rows));
  document.getElementById("track-note").textContent = run.band
    ? `Good runs: from the lowest to the highest report around this share of the training, of `
      + `${run.band.seeds.length === 1 ? "one run" : `${run.band.seeds.length} runs`} with these settings `
      + `(seed ${run.band.seeds.join(", ")}), and as far again on both sides. `
      + "A good run leaves it now and then."
    : "No band of good runs is known for these settings; the quick presets have one.";
}

/** Ask for news until the run is done. A page from disk cannot fetch: news come as a script beside it. */
function follow(show) {
  let data = null;
  window.showReport = news => { data = news; show(news); };
  const ask = () => {
    if (data && finished(data.runs[0])) return;
    if (document.hidden) return void setTimeout(ask, ASK);
    const script = element("script", {src: `report_data.js?${Date.now()}`});
    script.onload = script.onerror = () => { script.remove(); setTimeout(ask, ASK); };
    document.head.append(script);
  };
  ask();
}
