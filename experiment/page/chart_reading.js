// What a reader does with a chart: read values, zoom.

Chart.prototype.listen = function () {
  const place = event => event.clientX - this.svg.getBoundingClientRect().left;
  let start = null;
  this.svg.addEventListener("pointerdown", event => {
    start = place(event);
    this.svg.setPointerCapture(event.pointerId);
  });
  this.svg.addEventListener("pointermove", event => {
    this.read(this.stepAt(place(event)));
    if (start === null) return;
    this.selection.setAttribute("x", Math.min(start, place(event)));
    this.selection.setAttribute("width", Math.abs(start - place(event)));
  });
  this.svg.addEventListener("pointerup", event => {
    const ends = start === null ? [] : [start, place(event)].sort((a, b) => a - b);
    start = null;
    if (ends[1] - ends[0] > 8) zoom.set(ends.map(end => this.stepAt(end)));
  });
  this.svg.addEventListener("pointercancel", () => { start = null; this.draw(); });      // the page scrolls
  this.svg.addEventListener("pointerleave", () => this.read(null));
  this.svg.addEventListener("blur", () => this.read(null));
  this.svg.addEventListener("dblclick", () => zoom.set(null));
  this.svg.addEventListener("keydown", event => this.onKey(event));
};

Chart.prototype.stepAt = function (x) {
  const share = (x - LEFT) / (this.width - LEFT - RIGHT);
  return this.from + Math.min(Math.max(share, 0), 1) * (this.to - this.from);
};

/** Arrow keys move what is read, + and - zoom around it, 0 shows the whole run. */
Chart.prototype.onKey = function (event) {
  const middle = this.at ?? (this.from + this.to) / 2, length = this.to - this.from;
  const steps = this.series[0].steps;
  const moves = {ArrowLeft: -1, ArrowRight: 1}, zooms = {"+": 0.25, "=": 0.25, "-": 1};
  if (event.key in moves && steps.length) {
    const index = nearest(steps, middle) + moves[event.key];
    this.read(steps[Math.min(Math.max(index, 0), steps.length - 1)]);
  } else if (event.key in zooms) {
    const reach = length * zooms[event.key];
    const ends = [Math.max(middle - reach, 1), Math.min(middle + reach, steps.at(-1) ?? 1)];
    zoom.set(ends[0] === 1 && ends[1] === (steps.at(-1) ?? 1) ? null : ends);
  } else if (event.key === "0" || event.key === "Escape") zoom.set(null);
  else return;
  event.preventDefault();
};

/** Show the values at the report nearest to `step`; none at null. */
Chart.prototype.read = function (step) {
  this.at = step;
  this.tip.classList.toggle("seen", step !== null);
  this.cursor?.replaceChildren();
  if (step === null || !this.series.some(line => line.steps.length)) return;
  const rows = [];
  for (const line of this.series.filter(series => series.steps.length)) {
    const index = nearest(line.steps, step), value = line.values[index];
    const x = this.x(line.steps[index]);
    if (!rows.length) {
      this.cursor.append(shape("line", {class: "cursor", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM}));
      rows.push(element("div", {text: `step ${shown(line.steps[index])}`}));
      this.tip.style.left = `${Math.min(Math.max(x, LEFT), this.width - RIGHT)}px`;
      this.tip.classList.toggle("leftwards", x > this.width / 2);
    }
    if (!this.sees(value)) continue;
    this.cursor.append(shape("circle", {class: line.colour, cx: x, cy: this.y(value), r: 3.5}));
    const band = bandAt(this.run.band, line.metric, line.steps[index], this.run.steps);
    const good = band ? `  (good runs ${shown(band[0], 3)} to ${shown(band[1], 3)})` : "";
    rows.push(element("div", {}, element("i", {class: `swatch ${line.colour}`}),
                      `${line.label} `, element("b", {text: shown(value)}), good));
  }
  this.tip.replaceChildren(...rows);
};
