// Small helpers. Whatever comes from a run is set as text or as an attribute, never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** A new element of a page; `text` among the attributes is its text. */
function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** A new element of a drawing. */
function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A number with few digits: "0.03125", "12.35", "1.20e-5", "3,210". */
function shown(value, digits = 4) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2).replace("e+", "e");
  return value.toLocaleString("en", {maximumSignificantDigits: size < 1000 ? digits : 7});
}

/** Seconds for people: "42 s", "3 min 20 s", "2 h 05 min", "3 d 4 h". */
function duration(seconds) {
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60), hours = Math.floor(whole / 3600);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** The data that lies in the page under this id. */
function stored(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
