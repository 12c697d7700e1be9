// What a reader does with a chart: read values, zoom.

Chart.prototype.listen = function () {
  const place = event => event.clientX - this.svg.getBoundingClientRect().left;
  let start = null;
  this.svg.addEventListener("pointerdown", event => {
    start = place(event);
    this.svg.setPointerCapture(event.pointerId);
  });
  this.svg.addEventListener("pointermove", event => {
    this.read(this.placeAt(place(event)));
    if (start === null) return;
    this.selection.setAttribute("x", Math.min(start, place(event)));
    this.selection.setAttribute("width", Math.abs(start - place(event)));
  });
  this.svg.addEventListener("pointerup", event => {
    const ends = start === null ? [] : [start, place(event)].sort((a, b) => a - b);
    start = null;
    if (ends[1] - ends[0] > 8) zoom.set(ends.map(end => this.placeAt(end)));
  });
  this.svg.addEventListener("pointercancel", () => { start = null; this.draw(); });      // the page scrolls
  this.svg.addEventListener("pointerleave", () => this.read(null));
  this.svg.addEventListener("blur", () => this.read(null));
  this.svg.addEventListener("dblclick", () => zoom.set(null));
  this.svg.addEventListener("keydown", event => this.onKey(event));
};

/** The place on the axis, a step or a time, at x pixels. */
Chart.prototype.placeAt = function (x) {
  const share = (x - LEFT) / (this.width - LEFT - RIGHT);
  return this.from + Math.min(Math.max(share, 0), 1) * (this.to - this.from);
};

/** Arrow keys move what is read, + and - zoom around it, 0 shows the whole run. */
Chart.prototype.onKey = function (event) {
  const middle = this.at ?? (this.from + this.to) / 2, length = this.to - this.from;
  const {places} = this.series[0], [first, last] = this.whole;
  const moves = {ArrowLeft: -1, ArrowRight: 1}, zooms = {"+": 0.25, "=": 0.25, "-": 1};
  if (event.key in moves && places.length) {
    const index = nearest(places, middle) + moves[event.key];
    this.read(places[Math.min(Math.max(index, 0), places.length - 1)]);
  } else if (event.key in zooms) {
    const reach = length * zooms[event.key];
    const ends = [Math.max(middle - reach, first), Math.min(middle + reach, last)];
    zoom.set(ends[0] === first && ends[1] === last ? null : ends);
  } else if (event.key === "0" || event.key === "Escape") zoom.set(null);
  else return;
  event.preventDefault();
};

/** Show the values at the report nearest to a place on the axis; none at null. */
Chart.prototype.read = function (place) {
  this.at = place;
  this.tip.classList.toggle("seen", place !== null);
  this.cursor?.replaceChildren();
  if (place === null) return;
  const rows = [];
  for (const line of this.series.filter(series => series.places.length)) {
    const index = nearest(line.places, place), value = line.values[index];
    const x = this.x(line.places[index]), step = `step ${shown(line.steps[index])}`;
    if (!rows.length) {
      this.cursor.append(shape("line", {class: "cursor", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM}));
      const time = shown(line.places[index]) + this.unit.name;
      rows.push(element("div", {text: zoom.isTime ? `${time}, ${step}` : step}));
      this.tip.style.left = `${Math.min(Math.max(x, LEFT), this.width - RIGHT)}px`;
      this.tip.classList.toggle("leftwards", x > this.width / 2);
    }
    if (!this.sees(value)) continue;
    this.cursor.append(shape("circle", {class: line.colour, cx: x, cy: this.y(value), r: 3.5}));
    const band = this.bandAt(line, line.places[index]);
    const good = band ? `  (good runs ${shown(band[0], 3)} to ${shown(band[1], 3)})` : "";
    rows.push(element("div", {}, element("i", {class: `swatch ${line.colour}`}),
                      `${line.label} `, element("b", {text: shown(value)}), good));
  }
  this.tip.replaceChildren(...rows);
};
