// A chart of some metrics over the steps, or over the time that these took. Drag to zoom; pointer or arrow
// keys read values; a button for log.

const HEIGHT = 220, LEFT = 58, RIGHT = 12, TOP = 8, BOTTOM = 24;
const STEPS = {of: 1, name: ""};
const TIMES = [{of: 3600, name: " h"}, {of: 60, name: " min"}, {of: 1, name: " s"}];

/** Of all charts together: the part of the axis that is seen, or null for all; whether the axis is time. */
const zoom = {
  range: null, isTime: false, charts: [],

  set(range) {
    this.range = range;
    for (const button of document.querySelectorAll(".whole-run")) button.disabled = range === null;
    for (const chart of this.charts) chart.draw();
  },

  setTime(isTime) {
    this.isTime = isTime;
    for (const button of document.querySelectorAll(".over-time")) button.setAttribute("aria-pressed", isTime);
    for (const chart of this.charts) chart.show(chart.runs);
    this.set(null);
  },
};

class Chart {
  /** panel: {title, log, lines: [{run, metric, label}]}, as run_data.chart_panels gives it. */
  constructor(panel) {
    this.panel = panel;
    this.log = panel.log;
    this.toggle = element("button", {type: "button", class: "log", text: "log",
                                     "aria-label": `${panel.title}: logarithmic axis`});
    this.toggle.addEventListener("click", () => { this.log = !this.log; this.draw(); });
    this.svg = shape("svg", {tabindex: 0, role: "img", height: HEIGHT});
    this.tip = element("div", {class: "tip", role: "status"});
    const isOneRun = panel.lines.every(line => line.run === 0);      // else the page has a legend of the runs
    const legend = panel.lines.filter(() => isOneRun && panel.lines.length > 1).map((line, i) => element(
      "span", {}, element("i", {class: `swatch c${i % 8}`}), line.label));
    this.figure = element("figure", {class: "chart"},
      element("figcaption", {}, element("b", {text: panel.title}), ...legend, this.toggle),
      element("div", {class: "plot"}, this.svg, this.tip));
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.svg);
    zoom.charts.push(this);
  }

  /** runs: as in the page's data. */
  show(runs) {
    this.runs = runs;
    const seconds = Math.max(...runs.map(run => run.metrics.seconds?.at(-1) ?? 0));
    this.unit = zoom.isTime ? TIMES.find(({of}) => seconds >= 3 * of) ?? TIMES.at(-1) : STEPS;
    this.series = this.panel.lines.map((line, i) => {
      const {metrics} = runs[line.run], all = Object.hasOwn(metrics, line.metric) ? metrics[line.metric] : [];
      const places = zoom.isTime ? metrics.seconds ?? [] : metrics.step;
      const isThere = (_, i) => all[i] !== null && places[i] != null;     // some are not in every report
      return {...line, colour: `c${i % 8}`, steps: metrics.step.filter(isThere), values: all.filter(isThere),
              places: places.filter(isThere).map(place => place / this.unit.of)};
    });
    this.run = runs.length === 1 ? runs[0] : {band: null};       // bands are of one run
    this.draw();
  }

  draw() {
    this.width = this.svg.clientWidth;
    if (!this.width || !this.series) return;
    const ends = this.series.flatMap(line => line.places.length ? [line.places[0], line.places.at(-1)] : []);
    this.whole = [Math.min(...ends, 1), Math.max(...ends, 1)];
    this.from = (zoom.range ?? this.whole)[0];
    this.to = Math.max((zoom.range ?? this.whole)[1], this.from + 1);
    this.x = scale(this.from, this.to, LEFT, this.width - RIGHT, false);
    const [low, high] = this.extent();
    this.y = scale(low, high, HEIGHT - BOTTOM, TOP, this.log);
    this.toggle.setAttribute("aria-pressed", this.log);
    this.svg.setAttribute("aria-label", this.spoken());
    const inner = shape("svg", {x: LEFT, y: TOP, width: Math.max(this.width - LEFT - RIGHT, 1),
                                height: HEIGHT - TOP - BOTTOM,
                                viewBox: `${LEFT} ${TOP} ${Math.max(this.width - LEFT - RIGHT, 1)} `
                                         + (HEIGHT - TOP - BOTTOM)});
    for (const line of this.series) inner.append(...this.band(line));
    for (const line of this.series) {
      inner.append(shape("path", {class: `line ${line.colour}`, d: this.path(line)}));
    }
    this.cursor = shape("g");
    this.selection = shape("rect", {class: "selection", y: TOP, height: HEIGHT - TOP - BOTTOM, width: 0});
    this.svg.replaceChildren(...this.axes(low, high), inner, this.cursor, this.selection);
    this.read(this.at ?? null);
  }

  /** The lowest and highest value that is seen, with a little room. */
  extent() {
    const values = [];
    for (const line of this.series) {
      line.values.forEach((value, i) => {
        if (this.sees(value) && line.places[i] >= this.from && line.places[i] <= this.to) values.push(value);
      });
      for (const share of [0, 0.25, 0.5, 0.75, 1]) {
        const edges = this.bandAt(line, this.from + share * (this.to - this.from)) || [];
        values.push(...edges.filter(value => this.sees(value)));
      }
    }
    let low = values.reduce((a, b) => Math.min(a, b), Infinity);
    let high = values.reduce((a, b) => Math.max(a, b), -Infinity);
    if (!values.length) [low, high] = [this.log ? 0.1 : 0, 1];
    if (this.log) return low === high ? [low / 2, high * 2] : [low / 1.1, high * 1.1];
    const room = (high - low) * 0.05 || Math.abs(high) * 0.5 || 1;
    return [low >= 0 && low < room ? 0 : low - room, high + room];
  }

  sees(value) { return !this.log || value > 0; }

  /** [lowest, highest] of good runs at a place on the axis; null without one. */
  bandAt(line, place) {
    const step = zoom.isTime ? between(line.places, line.steps, place) : place;
    return bandAt(this.run.band, line.metric, step, this.run.steps);
  }

  path(line) {
    let path = "", pen = "M";
    line.values.forEach((value, i) => {
      if (this.sees(value)) {
        path += `${pen}${this.x(line.places[i]).toFixed(1)} ${this.y(value).toFixed(1)}`;
        pen = "L";
      } else pen = "M";
    });
    return path;
  }

  band(line) {
    const above = [], below = [], floor = this.log ? 1e-30 : -Infinity;
    for (let i = 0; i <= 80; i++) {
      const place = this.from + i / 80 * (this.to - this.from), edges = this.bandAt(line, place);
      if (!edges) continue;
      below.push(`${this.x(place).toFixed(1)} ${this.y(Math.max(edges[0], floor)).toFixed(1)}`);
      above.unshift(`${this.x(place).toFixed(1)} ${this.y(Math.max(edges[1], floor)).toFixed(1)}`);
    }
    const outline = `M${[...below, ...above].join("L")}Z`;
    return above.length ? [shape("path", {class: `band ${line.colour}`, d: outline})] : [];
  }

  axes(low, high) {
    const lines = [];
    for (const value of this.log ? logTicks(low, high) : ticks(low, high, 4)) {
      const y = this.y(value);
      lines.push(shape("line", {class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y}),
                 shape("text", {x: LEFT - 6, y: y + 4, "text-anchor": "end", text: shown(value)}));
    }
    for (const value of ticks(this.from, this.to, Math.max(2, this.width / 110))) {
      const x = this.x(value);
      lines.push(shape("text", {x, y: HEIGHT - 6, "text-anchor": "middle",
                                text: shown(value) + this.unit.name}));
    }
    return lines;
  }

  /** What the chart shows, in words: the newest values. */
  spoken() {
    const newest = this.series.filter(line => line.values.length);
    return [this.panel.title, ...newest.map(line => `${line.label} ${shown(line.values.at(-1))}`)].join(", ");
  }
}
