// Faces to choose from: test faces and kept ones, a button with a picture each.

/** Originals by the text of their z: of test faces and of uploaded pictures. */
const originals = new Map();

/** A button with the picture of a face, which calls chosen(). */
function faceButton(size, label, chosen, paint) {
  const canvas = element("canvas", {width: size, height: size});
  const button = element("button", {type: "button", "aria-label": label, title: label}, canvas);
  button.addEventListener("click", chosen);
  paint(canvas);
  return button;
}

/** The test faces of the page: their originals, or where it holds none what the decoder makes of them. */
async function showTestFaces(place, about, decoder, chosen) {
  for (const [i, {z: text, picture}] of about.faces.entries()) {
    const face = {z: numbers(text), from: "posterior"};
    if (picture) originals.set(textOf(face.z), picture);
    const pixels = picture ? null : await decoder.decode(face.z, face.from);
    place.append(faceButton(about.size, `Test face ${i + 1}`, () => chosen(face), canvas => {
      if (picture) drawAddress(canvas, picture);
      else draw(canvas, pixels);
    }));
  }
}

/** The states that the reader keeps, newest last. They last as long as the page. */
class Kept {
  constructor(place, title, chosen) {
    Object.assign(this, {place, title, chosen});
  }

  add(state, picture) {
    const kept = structuredClone(state), number = this.place.children.length + 1;
    this.title.hidden = false;
    this.place.append(faceButton(picture.width, `Kept face ${number}`, () => this.chosen(kept),
                                 canvas => canvas.getContext("2d").drawImage(picture, 0, 0)));
  }
}
