// A picture of the reader's own: a square of it is chosen, and the server gives its z.

/** The square in the picture. x, y: its corner; side: in pixels of the picture, of width x height. */
class Square {
  constructor(dialog) {
    this.dialog = dialog;
    [this.canvas, this.box, this.size] = ["canvas", ".square", "#crop-size"]
      .map(name => dialog.querySelector(name));
    this.box.addEventListener("keydown", event => this.key(event));
    this.box.addEventListener("pointerdown", event => this.drag(event));
    this.size.addEventListener("input", () => this.resize(Number(this.size.value)));
    new ResizeObserver(() => this.place()).observe(this.canvas);
  }

  show(picture, found) {
    const scale = Math.min(1, 1200 / Math.max(picture.width, picture.height));
    this.canvas.width = Math.round(picture.width * scale);
    this.canvas.height = Math.round(picture.height * scale);
    this.canvas.getContext("2d").drawImage(picture, 0, 0, this.canvas.width, this.canvas.height);
    const {width, height} = this.canvas, short = Math.min(width, height);
    this.at = found ? {x: found.x * width, y: found.y * height, side: found.side * short}
                    : {x: (width - short) / 2, y: (height - short) / 2, side: short};
    this.move(0, 0);
    this.isMoved = false;
  }

  /** {x, y, side} as the server takes it: shares of width, of height, and of the shorter of both. */
  get shares() {
    const {width, height} = this.canvas, {x, y, side} = this.at;
    return {x: x / width, y: y / height, side: side / Math.min(width, height)};
  }

  move(dx, dy) {
    const {width, height} = this.canvas, inside = (value, most) => Math.min(most, Math.max(0, value));
    this.isMoved = true;
    this.at.x = inside(this.at.x + dx, width - this.at.side);
    this.at.y = inside(this.at.y + dy, height - this.at.side);
    this.place();
  }

  /** Another size, around the same middle. share: of the shorter side. */
  resize(share) {
    const short = Math.min(this.canvas.width, this.canvas.height);
    const side = short * Math.min(1, Math.max(0.1, share)), grown = side - this.at.side;
    this.at.side = side;
    this.move(-grown / 2, -grown / 2);
  }

  place() {
    if (!this.at) return;
    const scale = this.canvas.clientWidth / this.canvas.width;
    for (const [name, value] of [["left", this.at.x], ["top", this.at.y], ["width", this.at.side],
                                 ["height", this.at.side]]) this.box.style[name] = `${value * scale}px`;
    this.size.value = this.shares.side;
  }

  key(event) {
    const step = this.canvas.width / (event.shiftKey ? 10 : 100);
    const moves = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step]};
    if (event.key in moves) this.move(...moves[event.key]);
    else if ("+=".includes(event.key)) this.resize(this.shares.side + 0.03);
    else if (event.key === "-") this.resize(this.shares.side - 0.03);
    else return;
    event.preventDefault();
  }

  drag(event) {
    const scale = this.canvas.width / this.canvas.clientWidth;
    let last = event;
    this.box.setPointerCapture(event.pointerId);
    this.box.onpointermove = moved => {
      this.move((moved.clientX - last.clientX) * scale, (moved.clientY - last.clientY) * scale);
      last = moved;
    };
    this.box.onpointerup = () => { this.box.onpointermove = null; };
  }
}

/** Lets the reader upload pictures. about: the data of the page. opened(face, original): for each picture.
 *  said(text): what is wrong. */
function offerUploads(server, about, opened, said) {
  const [button, file, dialog] = ["upload", "file", "crop"].map(id => document.getElementById(id));
  if (!button) return;
  const square = new Square(dialog);
  button.addEventListener("click", () => file.click());
  dialog.querySelector("#crop-close").addEventListener("click", () => dialog.close());
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (!chosen) return;
    try {
      if (chosen.size > about.most_bytes) throw new Error(`${chosen.name} is too large: make it smaller.`);
      const picture = await createImageBitmap(chosen).catch(() => {
        throw new Error(`${chosen.name} is no picture that this browser can read.`);
      });
      dialog.showModal();
      square.show(picture, null);
      square.box.focus();
      const found = await server.face(chosen);
      if (found && dialog.open && !square.isMoved) square.show(picture, found);
    } catch (error) {
      dialog.close();
      said(error.message);
      file.value = "";
    }
  });
  dialog.addEventListener("close", () => { file.value = ""; });
  dialog.querySelector("#crop-use").addEventListener("click", async () => {
    const chosen = file.files[0];
    try {
      const {z, picture} = await server.encode(chosen, square.shares);
      opened({z: numbers(z), from: "posterior"}, picture);
    } catch (error) {
      said(error.message);
    }
    dialog.close();
  });
}
