// Pictures on canvases. A decoder has `size` and decode(z, from) -> promise of RGB bytes.

/** Draws RGB bytes (S * S * 3) on a canvas of S x S pixels. */
function draw(canvas, rgb) {
  const {width, height} = canvas, context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let i = 0, o = 0; i < rgb.length; o += 4) {
    picture.data[o] = rgb[i++];
    picture.data[o + 1] = rgb[i++];
    picture.data[o + 2] = rgb[i++];
    picture.data[o + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

/** Draws the picture at an address of data. */
async function drawAddress(canvas, address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
}

/** A canvas that shows the newest of the z it was asked for, and skips those that came while it was busy. */
class Display {
  /** failed(error): called where the decoder fails. */
  constructor(canvas, decoder, failed) {
    Object.assign(this, {canvas, decoder, failed, wanted: null, busy: null});
  }

  /** A promise that is kept when the canvas shows this z, or a later one. */
  show(z, from) {
    this.wanted = {z, from};
    this.busy ??= this.work().finally(() => { this.busy = null; });
    return this.busy;
  }

  async work() {
    while (this.wanted) {
      const {z, from} = this.wanted;
      this.wanted = null;
      try {
        draw(this.canvas, await this.decoder.decode(z, from));
      } catch (error) {
        this.failed?.(error);
      }
    }
  }
}
