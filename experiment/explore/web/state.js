// What is shown: {face, other, mix, kind, attributes, directions}; its history; and its text for a link.

/** The state of a face without changes. about: the data of the page. */
function fresh(face, about) {
  return {face, other: null, mix: 0.5, kind: "regressed",
          attributes: (about.attributes?.names ?? []).map(() => 0),
          directions: (about.directions?.shares ?? []).map(() => 0)};
}

/** The states that were shown, for undo and redo. */
class Steps {
  constructor(state) {
    [this.states, this.at] = [[structuredClone(state)], 0];
  }

  add(state) {
    this.states = [...this.states.slice(0, this.at + 1), structuredClone(state)].slice(-500);
    this.at = this.states.length - 1;
  }

  canMove(by) {
    return this.at + by in this.states;
  }

  /** The state one step back (-1) or on (1). */
  move(by) {
    this.at += by;
    return structuredClone(this.states[this.at]);
  }
}

/** A state as what stands behind # in a link. */
function linkOf(state, about) {
  const fields = new URLSearchParams({model: about.model, z: textOf(state.face.z), from: state.face.from,
                                      vectors: state.kind});
  if (state.other) {
    fields.set("other", textOf(state.other.z));
    fields.set("other_from", state.other.from);
    fields.set("mix", state.mix);
  }
  const names = about.attributes?.names;
  state.attributes.forEach((strength, i) => strength && fields.set(`+${names[i]}`, strength));
  state.directions.forEach((strength, i) => strength && fields.set(`direction${i + 1}`, strength));
  return `#${fields}`;
}

/** The state of a link; throws an Error that says why there is none. A link may come from anybody. */
function stateOf(link, about) {
  const fields = new URLSearchParams(link.replace(/^#/, ""));
  if (fields.get("model") !== about.model) throw new Error("This link is of another model.");
  const face = name => {
    const z = zOf(fields.get(name) ?? "", about.z_size);
    const from = fields.get(name === "z" ? "from" : `${name}_from`);
    if (!z || !["posterior", "prior"].includes(from)) throw new Error("This link is damaged.");
    return {z, from};
  };
  const strength = (name, most) => {
    const value = Number(fields.get(name) ?? 0);
    return Number.isFinite(value) ? Math.min(most, Math.max(-most, value)) : 0;
  };
  const state = fresh(face("z"), about);
  if (fields.has("other")) Object.assign(state, {other: face("other"), mix: Math.abs(strength("mix", 1))});
  state.kind = fields.get("vectors") === "plain" ? "plain" : "regressed";
  const names = about.attributes?.names;
  state.attributes = state.attributes.map((_, i) => strength(`+${names[i]}`, MOST_ATTRIBUTE));
  state.directions = state.directions.map((_, i) => strength(`direction${i + 1}`, MOST_DIRECTION));
  return state;
}
