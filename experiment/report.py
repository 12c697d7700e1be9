"""index.html: a page that shows a run, made from what lies in its folder."""
from html import escape

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
body { color: #222; background: #fff }
table { border-collapse: collapse } th { font-weight: 600 }
th, td { text-align: left; padding: .15rem 1rem .15rem 0; border-bottom: 1px solid #ddd }
figure { display: inline-block; margin: 0 1.5rem 1rem 0; vertical-align: top }
figcaption { font-size: 13px; color: #666 }
img { max-width: 100%; image-rendering: pixelated } img.curves { image-rendering: auto }
details { margin: .5rem 0 } summary { cursor: pointer; font-weight: 600 }
"""

_NAMES = {"kl": "KL, an image", "feature_loss": "feature loss, an image",
          "pixel_loss": "pixel loss, an image", "cost_real": "cost on real", "cost_fake": "cost on fakes",
          "attribute_loss": "attribute loss, an image", "test_attribute_loss": "the same of test images",
          "d_real": "D(real)", "d_fake": "D(fakes)",
          "gate_dis": "share of steps Dis took", "gate_dec": "share of steps Dec took",
          "images_per_s": "images a second", "learning_rate": "learning rate", "seconds": "seconds trained"}

_CURVES = "<h2>Curves</h2>", '<img class="curves" src="curves.png" alt="Losses and speed over the steps">'


def write(folder):
    """Make index.html of a RunFolder anew. Links are relative; all text is escaped."""
    folder.write("index.html", page(folder.config(), folder.metrics(), _epochs(folder), folder.path.name,
                                    has_curves=(folder.path / "curves.png").exists()))


def page(config, reports, epochs, name, has_curves=True):
    """The page as text. epochs: [(number, {kind: relative path of a picture})], first epoch first."""
    title = escape(f"{config['script']}: {name}")
    return "\n".join([
        "<!doctype html>", '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{_STYLE}</style></head><body>", f"<h1>{title}</h1>",
        *_state(reports), *_latest(epochs),
        *(_CURVES if has_curves else ()), *_history(epochs), "<h2>Settings</h2>", *_settings(config),
        "</body></html>", ""])


def _epochs(folder):
    pictures = {}
    for kind in ("samples", "reconstructions"):
        for path in folder.pictures(kind):
            pictures.setdefault(int(path.stem.removeprefix("epoch_")), {})[kind] = f"{kind}/{path.name}"
    return sorted(pictures.items())


def _state(reports):
    if not reports:
        return ["<p>No report yet.</p>"]
    last = reports[-1]
    rows = [(label, f"{last[key]:,.4g}") for key, label in _NAMES.items() if key in last]
    return [f"<p>Step {last['step']:,}, epoch {last['epoch']:,}.</p>", *_table(("Last report", ""), rows)]


def _latest(epochs):
    if not epochs:
        return []
    number, pictures = epochs[-1]
    shown = [_figure(pictures["samples"], f"Samples after epoch {number}")]
    if "reconstructions" in pictures:
        shown += [_figure("originals.png", "Test images"),
                  _figure(pictures["reconstructions"], f"Their reconstructions after epoch {number}")]
    return ["<h2>Pictures</h2>", *shown]


def _history(epochs):
    if len(epochs) < 2:
        return []
    lines = ["<h2>Every epoch</h2>", "<p>From the same z and the same test images each time.</p>"]
    for number, pictures in reversed(epochs[:-1]):
        figures = "".join(_figure(path, kind) for kind, path in pictures.items())
        lines.append(f"<details><summary>Epoch {number}</summary>{figures}</details>")
    return lines


def _settings(config):
    rows = [(name, "" if value is None else value, config["origin"].get(name, ""))
            for name, value in config["settings"].items()]
    other = [(key, value) for key, value in config.items() if key not in ("settings", "origin")]
    return [*_table(("Setting", "Value", "From"), rows), "<h2>Made with</h2>", *_table(("", ""), other)]


def _table(head, rows):
    yield "<table>"
    for tag, cells in [("th", head), *(("td", row) for row in rows)]:
        yield "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"
    yield "</table>"


def _figure(path, caption):
    return (f'<figure><img loading="lazy" src="{escape(path)}" alt="{escape(caption)}">'
            f"<figcaption>{escape(caption)}</figcaption></figure>")
