// The server of the page as its decoder and encoder.

class Live {
  constructor(about) {
    this.size = about.size;
  }

  async decode(z, from) {
    const answer = await this.ask(from, new Float32Array(z));
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** {z, picture} of a square of a picture file. square: {x, y, side}. */
  async encode(file, square) {
    return (await this.ask(`encode?${new URLSearchParams(square)}`, file)).json();
  }

  /** The square around the face in a picture file; null where none is found. */
  async face(file) {
    return (await this.ask("face", file)).json();
  }

  async ask(name, body) {
    let answer;
    try {
      answer = await fetch(new URL(name, location.href.split("#")[0]), {method: "POST", body});
    } catch {
      throw new Error("The explorer does not answer: start it again, and open the address that it prints.");
    }
    if (!answer.ok) throw new Error((await answer.json()).error);
    return answer;
  }
}

const openDecoder = about => new Live(about);
