// Samples and reconstructions of each epoch, with a slider; and any picture, enlarged.

const GAP = 2;                       // pixels between the images of a grid, as in pictures.py
const inside = stored("inside");     // {address: data URI} of the pictures that lie in the page

/** The picture at an address, loaded; null where it is not there. */
async function loaded(address) {
  const image = new Image();
  image.src = Object.hasOwn(inside, address) ? inside[address] : address;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}

/** One grid, on a canvas: that of a kind of a run, at the epoch that the slider chooses. */
class Grid {
  constructor(kind, run, title) {
    [this.kind, this.title, this.turn] = [kind, title, 0];
    this.canvas = element("canvas", {width: 1, height: 1});
    this.button = element("button", {type: "button", class: "picture"}, this.canvas);
    this.button.addEventListener("click", () => enlarged.open(this.canvas, this.caption.textContent));
    this.caption = element("figcaption");
    this.figure = element("figure", {class: kind}, this.button, this.caption);
    this.update(run);
  }

  update(run) { this.run = run; }

  /** Show the newest picture that is no younger than `epoch`. A later call overtakes one that still loads. */
  async show(epoch) {
    const turn = ++this.turn;
    const found = this.run.pictures[this.kind].filter(([at]) => at <= epoch).at(-1);
    this.button.hidden = !found;
    if (!found) {
      this.caption.textContent = [this.title, `no ${this.kind}`].filter(Boolean).join(": ");
      return;
    }
    const pairs = this.kind === "reconstructions";
    const images = await Promise.all([found[1], ...(pairs ? [this.run.originals] : [])].map(loaded));
    if (turn !== this.turn) return;
    const words = pairs ? `Reconstructions after epoch ${found[0]}, below each row the test images`
                        : `Samples after epoch ${found[0]}`;
    this.caption.textContent = [this.title, images[0] ? words : `${found[1]} is not beside this page`]
      .filter(Boolean).join(": ");
    this.button.setAttribute("aria-label", `Enlarge: ${this.caption.textContent}`);
    if (images[0]) this.draw(images[0], images[1]);
    enlarged.redraw(this.canvas);
  }

  draw(image, originals) {
    const {width, height} = image, cell = this.run.image_size + GAP, rows = (height + GAP) / cell;
    const paired = originals && originals.width === width && originals.height === height
                   && Number.isInteger(rows);
    const halves = paired && rows > 1 && rows % 2 === 0 && window.innerWidth > 700 && !this.title ? 2 : 1;
    const perHalf = rows / halves, between = 3 * GAP;
    this.canvas.width = paired ? halves * width + (halves - 1) * between : width;
    this.canvas.height = paired ? perHalf * (2 * cell + between) - between - GAP : height;
    const context = this.canvas.getContext("2d");
    if (!paired) return context.drawImage(image, 0, 0);
    for (let row = 0; row < rows; row++) {
      const x = Math.floor(row / perHalf) * (width + between), y = row % perHalf * (2 * cell + between);
      const size = cell - GAP;
      context.drawImage(image, 0, row * cell, width, size, x, y, width, size);
      context.drawImage(originals, 0, row * cell, width, size, x, y + cell, width, size);
    }
  }
}

/** The grids of all runs, and the slider and button that move them. */
class Player {
  constructor(place) {
    this.place = place;
    this.slider = place.querySelector("input");
    this.button = place.querySelector("button");
    this.output = place.querySelector("output");
    this.slider.addEventListener("input", () => { this.pause(); this.show(); });
    this.button.addEventListener("click", () => this.timer ? this.pause() : this.play());
  }

  update(runs) {
    const epochs = runs.flatMap(run => Object.values(run.pictures).flat().map(([epoch]) => epoch));
    const newest = Math.max(...epochs, 0), atEnd = !this.grids || this.slider.value === this.slider.max;
    this.place.hidden = !newest;
    if (!newest) return;
    this.grids ??= runs.flatMap((run, i) => Object.keys(run.pictures)
      .filter(kind => runs.some(other => other.pictures[kind].length))
      .map(kind => Object.assign(new Grid(kind, run, runs.length > 1 ? run.name : ""), {index: i})));
    for (const grid of this.grids) {
      grid.update(runs[grid.index]);
      this.place.querySelector(`.${runs.length > 1 ? grid.kind : "grids"}`).append(grid.figure);
    }
    this.slider.min = Math.min(...epochs);
    this.slider.max = newest;
    if (atEnd) this.slider.value = newest;
    if (!this.timer) this.show();
  }

  async show() {
    this.output.textContent = `epoch ${this.slider.value} of ${this.slider.max}`;
    await Promise.all(this.grids.map(grid => grid.show(Number(this.slider.value))));
  }

  play() {
    if (this.slider.value === this.slider.max) this.slider.value = this.slider.min;
    this.button.textContent = "Pause";
    const turn = async () => {
      await this.show();
      if (!this.timer) return;
      if (this.slider.value === this.slider.max) return this.pause();
      this.slider.value = Number(this.slider.value) + 1;
      this.timer = setTimeout(turn, 200);
    };
    this.timer = setTimeout(turn, 0);
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.button.textContent = "Play";
  }
}

/** A picture as large as the window allows, in whole multiples of its pixels. */
const enlarged = {
  dialog: document.getElementById("enlarged"),

  /** source: an image or a canvas of the page. */
  open(source, caption) {
    this.source = source;
    this.dialog.querySelector("p").textContent = caption;
    this.redraw(source);
    this.dialog.showModal();
  },

  redraw(source) {
    if (source !== this.source) return;
    let copy = source.cloneNode();
    if (source instanceof HTMLCanvasElement) {
      if (source.width && source.height) copy.getContext("2d").drawImage(source, 0, 0);
    } else copy = element("img", {src: source.src, alt: source.alt});
    const [width, height] = [source.naturalWidth ?? source.width, source.naturalHeight ?? source.height];
    const fit = Math.min((window.innerWidth - 40) / width, (window.innerHeight - 110) / height);
    copy.style.width = `${width * (fit > 1 ? Math.floor(fit) : fit)}px`;
    this.dialog.querySelector("div").replaceChildren(copy);
  },

  close() {
    this.source = null;
    this.dialog.close();
  },
};
