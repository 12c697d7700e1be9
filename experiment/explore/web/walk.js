// A walk through z: from the face to a goal drawn from N(0, I), then to the next, until it is stopped.

const LEG = 40, PAUSE = 40;       // frames to a goal; milliseconds from a frame to the next, at least

class Walk {
  /** step(z): shows it, and gives a promise that is kept when it is seen. */
  constructor(z, step) {
    Object.assign(this, {z, step, running: true});
    this.go();
  }

  async go() {
    while (this.running) {
      const [begin, goal] = [this.z, drawn(this.z.length)];
      for (let frame = 1; frame <= LEG && this.running; frame++) {
        this.z = slerp(begin, goal, frame / LEG);
        await Promise.all([this.step(this.z), new Promise(done => setTimeout(done, PAUSE))]);
      }
    }
  }

  stop() {
    this.running = false;
  }
}
