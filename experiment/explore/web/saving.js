// Files that the page gives: the picture, and z for NumPy.

function save(name, blob) {
  const link = element("a", {download: name, href: URL.createObjectURL(blob)});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function savePicture(canvas) {
  canvas.toBlob(blob => save("face.png", blob), "image/png");
}

/** z as face.npy: np.load gives (Z,) float32. */
function saveZ(z) {
  const about = `{'descr': '<f4', 'fortran_order': False, 'shape': (${z.length},), }`;
  const length = Math.ceil((10 + about.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, length & 255, length >> 8]);
  save("face.npy", new Blob([head, about.padEnd(length - 1) + "\n", z]));
}

/** Puts a link into the clipboard; false where the browser does not let the page. */
async function copied(link) {
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    return false;
  }
}
