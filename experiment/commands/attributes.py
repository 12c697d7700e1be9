"""attributes by arithmetic in z: pictures, vectors, and what a network reads of them (paper, section 4.2)

The vector of an attribute is the mean z of training images with it minus that of those without. Beside this
plain difference stands the vector with the other attributes regressed out. Changes of toyfaces are held to
the truth: the same face, painted again with the attribute. Into RUN/attributes/:

    faces_plain.png, faces_regressed.png   held-out faces, reconstructed, then each attribute added (Figure 5)
    strengths.png                          each attribute at strengths from -2 to 2, both ways
    changes.png                            what an attribute network reads of the change, in all attributes
    attributes.json                        the same in numbers, and how they were made
    vectors.npz                            names (A,), plain (A, Z), regressed (A, Z)
"""
import numpy as np

from experiment.commands.output import new_results
from experiment.commands.shared import add_data, add_results, add_run, open_run, use_data, whole
from experiment.console import say
from experiment.evaluation import charts, edits, truth, vectors
from experiment.evaluation.attribute_network import attribute_network
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import Subject

ENCODED = 10_000                            # [released code] the first so many training images
MEASURED = 1000                             # held-out images that readings are measured on
STRENGTHS = np.linspace(-2, 2, 9, dtype=np.float32)
KINDS = dict(zip(vectors.KINDS, ("plain difference", "other attributes regressed out")))


def add_flags(parser):
    add_run(parser)
    add_data(parser, "data with attributes, by its name or its path (the data of the run)")
    parser.add_argument("--attributes", nargs="+", metavar="NAME", help="which to show (the paper's 18)")
    parser.add_argument("--faces", type=whole(1, 64), default=10, metavar="N",
                        help="held-out faces to show (10)")
    parser.add_argument("--sampled", action="store_true",
                        help="draw z from the posterior, as the released code does, instead of its mean")
    add_results(parser, "folder for the results (RUN/attributes)")


def run(options):
    with new_results(options, "attributes") as folder:
        opened, device = open_run(options, needs_encoder=True)
        use_data(options, opened.settings)
        subject = Subject(opened, device)
        images = subject.images(attributes=True)
        names, train, test = images.train.attribute_names, images.train, images.test
        encoded, measured = min(ENCODED, len(train)), min(MEASURED, len(test))
        has, has_test = train.attributes[:encoded] > 0, test.attributes[:measured] > 0
        columns = vectors.chosen(options.attributes, names, has, subject.data)

        z = subject.encode(train, encoded, "training images encoded", options.sampled)
        z_test = subject.encode(test, measured, "held-out images encoded", options.sampled)
        directions = _directions(z, has)
        np.savez(folder / "vectors.npz", names=np.array(names), **directions)
        added = {kind: directions[kind][columns] for kind in KINDS}                  # (k, Z) each
        shown = [names[column] for column in columns]
        _write_pictures(folder, subject, test.pictures(slice(options.faces)), z_test, added, shown)

        network = attribute_network(images, subject.cache, device)
        readings = edits.Readings(network, test.pictures(slice(measured)), has_test)
        change = {kind: edits.changes(subject, readings, z_test, has_test, added[kind], columns)
                  for kind in KINDS}
        _write_changes(folder, change, shown, names, readings.readable)
        table = _table(names, columns, has, readings, change)
        if subject.data == "toyfaces":
            for row, column in zip(table, columns):
                row["truth"] = truth.compare(subject, test.pictures, z_test, has_test, column, row["name"],
                                             directions)
        protocol = {"encoded": encoded, "z": "sampled" if options.sampled else "posterior mean",
                    "has": "value above 0", "held_out": measured,
                    "change": f"of up to {edits.FACES} held-out faces without the attribute, at strength 1, "
                              "as the attribute network reads it; 1: as much as from real held-out images "
                              "without an attribute to those with it",
                    "leakage": "mean absolute change of the other readable attributes",
                    "readable": f"area under the ROC curve of at least {edits.READABLE}",
                    "truth": f"of up to {edits.FACES} held-out toyfaces, against the same face painted again "
                             "with the attribute: cosine of the two changes in pixels, share of the true "
                             "one; reachable: the face painted again, reconstructed; cosine_z: of the vector "
                             "with the mean change of z",
                    "attribute_network": network.about()}
        (folder / "attributes.json").write_text(as_json({
            **subject.about(), "protocol": protocol, "attributes": table, "read": names, "changes": change}))
    _print(table)
    _print_truth([row for row in table if row.get("truth")])


def _directions(z, has):
    """{kind: (A, Z)}; nan for an attribute with too few images with it, or without."""
    usable = vectors.enough(has)
    directions = {kind: np.full((has.shape[1], z.shape[1]), np.nan, np.float32) for kind in KINDS}
    directions["plain"][usable] = vectors.plain(z, has[:, usable])
    directions["regressed"][usable] = vectors.regressed_out(z, has[:, usable])
    return directions


def _write_pictures(folder, subject, originals, z, added, shown):
    """faces_*.png and strengths.png. z (n, Z): of held-out faces, of which `originals` are the first."""
    faces = len(originals)
    for kind, title in KINDS.items():
        rows = np.concatenate([z[:faces, None], z[:faces, None] + added[kind]], axis=1)   # (n, 1 + k, Z)
        pictures = np.concatenate([originals[:, None], _decoded(subject, rows)], axis=1)
        (folder / f"faces_{kind}.png").write_bytes(charts.labelled_grid(
            _flat(pictures), ["original", "reconstruction", *shown], title=f"Attributes added to z: {title}"))
    start = z[np.arange(len(shown)) % len(z), None]        # another face in each row
    rows = np.concatenate([start + STRENGTHS[:, None] * added[kind][:, None] for kind in KINDS])
    labels = [f"{strength:+g}" if strength else "0" for strength in STRENGTHS]
    (folder / "strengths.png").write_bytes(charts.labelled_grid(
        _flat(_decoded(subject, rows)), labels, shown,
        "Attributes added to z at several strengths, a face a row", len(KINDS), list(KINDS.values())))


def _decoded(subject, z):
    """Images (rows, columns, S, S, C) of z (rows, columns, Z)."""
    images = subject.decode(_flat(z), "decoded")
    return images.reshape(*z.shape[:2], *images.shape[1:])


def _flat(array):
    return array.reshape(-1, *array.shape[2:])


def _write_changes(folder, change, shown, names, readable):
    read = np.flatnonzero(readable)
    if len(read):
        (folder / "changes.png").write_bytes(charts.changes(
            [change[kind][:, read] for kind in KINDS], list(KINDS.values()), shown,
            [names[column] for column in read]))


def _table(names, columns, has, readings, change):
    """A dict for each attribute shown."""
    rows, readable = [], readings.readable
    leaked = {kind: edits.leakage(change[kind], columns, readable) for kind in KINDS}
    for i, (column, companion) in enumerate(zip(columns, edits.companions(has, columns, readable))):
        row = {"name": names[column], "with": int(has[:, column].sum()),
               "without": int((~has[:, column]).sum()), "network_area": readings.area[column],
               "readable": bool(readable[column]),
               "intended": {kind: change[kind][i, column] for kind in KINDS},
               "leakage": {kind: leaked[kind][i] for kind in KINDS}}
        if companion:
            other, correlation = companion
            row["companion"] = {"name": names[other], "correlation": correlation,
                                "change": {kind: change[kind][i, other] for kind in KINDS}}
        rows.append(row)
    return rows


def _print(table):
    pair = f"{'intended':>9} {'leakage':>9}"
    say(f"\n{'':18} {'plain difference':^19} {'regressed out':^19} {'goes together with':26} its change\n"
        f"{'attribute':18} {pair} {pair} {'(correlation)':26} {'plain':>7} {'regr.':>7}")
    for row in table:
        if not row["readable"]:
            say(f"{row['name']:18} cannot be read: too few held-out images, or the network does not see it")
            continue
        line = f"{row['name']:18} {_pairs([row])}"
        if "companion" in row:
            other = row["companion"]
            name = f"{other['name']} ({other['correlation']:+.2f})"
            line += f" {name:26} " + " ".join(f"{other['change'][kind]:7.2f}" for kind in KINDS)
        say(line)
    readable = [row for row in table if row["readable"]]
    if readable:
        say(f"{'mean':18} {_pairs(readable)}\n"
            "1: as much as from real faces without the attribute to real faces with it")


def _print_truth(table):
    if not table:
        return
    pair = f"{'cosine':>7} {'share':>6}"
    say(f"\n{'':18} {'plain':^14} {'regressed out':^14} {'reachable':^14}   against the same face, painted "
        f"with it\n{'attribute':18} {pair} {pair} {pair}")
    for row in table:
        say(f"{row['name']:18} " + " ".join(
            f"{row['truth'][kind]['cosine']:7.2f} {row['truth'][kind]['share']:6.2f}"
            for kind in (*KINDS, "reachable")))


def _pairs(rows):
    return " ".join(f"{np.mean([row[what][kind] for row in rows]):9.2f}"
                    for kind in KINDS for what in ("intended", "leakage"))
