// Groups of sliders, one for each number of an array of the state.

const MOST_ATTRIBUTE = 3, MOST_DIRECTION = 4;

/** place: the element that holds them. names: one each. changed(values, isDone): isDone when it is let go. */
class Sliders {
  constructor(place, names, {min, max, titles = []}, changed) {
    this.rows = names.map((name, i) => {
      const id = `${place.id}-${i}`;
      const label = element("label", {for: id, text: name.replaceAll("_", " "), title: titles[i] ?? null});
      const input = element("input", {type: "range", id, min, max, step: 0.05, value: 0});
      const row = element("div", {class: "slider"}, label, element("output", {for: id}), input);
      input.addEventListener("input", () => { this.mark(); changed(this.values, false); });
      input.addEventListener("change", () => changed(this.values, true));
      input.addEventListener("dblclick", () => {
        input.value = 0;
        this.mark();
        changed(this.values, true);
      });
      return row;
    });
    place.replaceChildren(...this.rows);
    this.mark();
  }

  get values() {
    return this.rows.map(row => Number(row.querySelector("input").value));
  }

  set values(values) {
    this.rows.forEach((row, i) => { row.querySelector("input").value = values[i]; });
    this.mark();
  }

  mark() {
    for (const row of this.rows) {
      const value = Number(row.querySelector("input").value);
      row.querySelector("output").textContent = value.toFixed(2);
      row.classList.toggle("moved", value !== 0);
    }
  }
}
