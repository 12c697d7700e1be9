// Puts the page together: one state, which controls change and the screen shows.

const about = stored("data"), byId = id => document.getElementById(id);
const decoder = openDecoder(about);
const vectors = {plain: rows(numbers(about.attributes?.plain ?? ""), about.z_size),
                 regressed: rows(numbers(about.attributes?.regressed ?? ""), about.z_size),
                 directions: rows(numbers(about.directions?.vectors ?? ""), about.z_size)};
const say = text => { byId("message").textContent = text; };

const display = new Display(byId("face"), decoder, error => {
  endWalk();
  say(error.message);
});
const unchanged = new Display(document.querySelector("#unchanged canvas"), decoder);
const mixedIn = new Display(document.querySelector("#mixing canvas"), decoder);

let state = null, steps = null, walk = null;

/** Show the state; what is done can be undone. */
function show(isDone) {
  if (isDone) steps.add(state);
  for (const [id, by] of [["undo", -1], ["redo", 1]]) {      // not disabled: a browser may then drop its keys
    byId(id).setAttribute("aria-disabled", !steps.canMove(by));
  }
  return display.show(zShown(state, vectors), state.face.from);
}

/** Bring all controls in line with the state. */
function showControls() {
  if (attributes) attributes.values = state.attributes;
  if (directions) directions.values = state.directions;
  mix.values = [state.mix];
  for (const radio of document.getElementsByName("kind")) radio.checked = radio.value === state.kind;
  byId("mixing").hidden = !state.other;
  if (state.other) mixedIn.show(state.other.z, state.other.from);
  unchanged.show(state.face.z, state.face.from);
  const original = originals.get(textOf(state.face.z));
  byId("original").style.visibility = original ? "visible" : "hidden";
  if (original) drawAddress(document.querySelector("#original canvas"), original);
}

/** Go to another state. */
function go(next, isDone = true) {
  endWalk();
  say("");
  state = structuredClone(next);
  showControls();
  return show(isDone);
}

/** A face that the reader chose is opened, with the sliders at 0, or mixed into the present one. */
function choose(face) {
  const isMixed = document.querySelector("[name=use]:checked").value === "mix";
  go(isMixed ? {...state, other: face} : {...fresh(face, about), kind: state.kind});
}

const changes = name => (values, isDone) => { state[name] = values; show(isDone); };
const attributes = about.attributes && new Sliders(byId("attributes"), about.attributes.names,
  {min: -MOST_ATTRIBUTE, max: MOST_ATTRIBUTE}, changes("attributes"));
const directions = about.directions && new Sliders(byId("directions"),
  about.directions.shares.map((share, i) => `${i + 1} (${(100 * share).toFixed(1)}% of the variance)`),
  {min: -MOST_DIRECTION, max: MOST_DIRECTION}, changes("directions"));
const mix = new Sliders(byId("mix"), ["share"], {min: 0, max: 1},
                        ([share], isDone) => { state.mix = share; show(isDone); });

function move(by) {
  endWalk();
  if (steps.canMove(by)) go(steps.move(by), false);
}

function startOrStopWalk() {
  if (walk) return endWalk();
  byId("walk").setAttribute("aria-pressed", "true");
  walk = new Walk(state.face.z, z => {
    state.face = {...state.face, z};
    return show(false);
  });
}

/** All of a walk is one step to undo. */
function endWalk() {
  if (!walk) return;
  walk.stop();
  walk = null;
  byId("walk").setAttribute("aria-pressed", "false");
  showControls();
  show(true);
}

async function copyLink() {
  const link = location.href.split("#")[0] + linkOf(state, about);
  window.history.replaceState(null, "", linkOf(state, about));
  say(await copied(link) ? "The link is copied; it is in the address of this page too."
                         : "The link is in the address of this page.");
}

const actions = {
  undo: () => move(-1), redo: () => move(1), reset: () => go({...fresh(state.face, about), kind: state.kind}),
  keep: () => kept.add(state, byId("face")), "save-picture": () => savePicture(byId("face")),
  "save-z": () => saveZ(zShown(state, vectors)), "copy-link": copyLink,
  random: () => choose({z: drawn(about.z_size), from: "prior"}), walk: startOrStopWalk,
};
const kept = new Kept(byId("kept"), byId("kept-title"), chosen => {
  const isMixed = document.querySelector("[name=use]:checked").value === "mix";
  if (isMixed) choose({z: zShown(chosen, vectors), from: chosen.face.from});
  else go(chosen);
});

for (const [id, act] of Object.entries(actions)) byId(id).addEventListener("click", act);
document.addEventListener("keydown", event => {
  const by = {z: event.shiftKey ? 1 : -1, y: 1}[event.key.toLowerCase()];
  if (!by || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  move(by);
});
for (const radio of document.getElementsByName("kind")) {
  radio.addEventListener("change", () => { state.kind = radio.value; show(true); });
}

/** Show the state of the address, else a first face. */
function open() {
  const first = about.faces.length ? {z: numbers(about.faces[0].z), from: "posterior"}
                                   : {z: drawn(about.z_size), from: "prior"};
  let next = fresh(first, about), wrong = "";
  try {
    if (location.hash) next = stateOf(location.hash, about);
  } catch (error) {
    wrong = error.message;
  }
  if (steps) go(next);
  else {
    steps = new Steps(next);
    go(next, false);
  }
  say(wrong);
}

if (byId("faces")) showTestFaces(byId("faces"), about, decoder, choose).catch(error => say(error.message));
if (typeof offerUploads === "function") {
  offerUploads(decoder, about, (face, original) => {
    originals.set(textOf(face.z), original);
    choose(face);
  }, say);
}
window.addEventListener("hashchange", open);
open();
