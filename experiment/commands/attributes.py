"""attributes by arithmetic in z: pictures, vectors, and what a classifier reads (paper, section 4.2, Figure 5)

The vector of an attribute is the mean z of training images with it minus that of those without. Beside this
plain difference stands the vector with the other attributes regressed out. Into RUN/attributes/:

    faces_plain.png, faces_regressed.png   held-out faces, reconstructed, then each attribute added
    strengths.png                          each attribute at strengths from -2 to 2, both ways
    changes.png                            what an attribute network reads of the change, in all attributes
    attributes.json                        the same in numbers, and how they were made
    vectors.npz                            names (A,), plain (A, Z), regressed (A, Z)
"""
import numpy as np

from experiment.commands.output import new_results
from experiment.commands.shared import add_data, add_results, add_run, open_run, whole
from experiment.evaluation import charts, edits, vectors
from experiment.evaluation.attribute_network import attribute_network
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import Subject

ENCODED = 10_000                            # [released code] the first so many training images
STRENGTHS = np.linspace(-2, 2, 9)
MEASURED = 1000                             # held-out images that readings are measured on
KINDS = {"plain": "plain difference", "regressed": "other attributes regressed out"}


def add_flags(parser):
    add_run(parser)
    add_data(parser, "data with attributes: celeba, lfw, toyfaces, or a path (the data of the run)")
    parser.add_argument("--attributes", nargs="+", metavar="NAME", help="which to show (the paper's 18)")
    parser.add_argument("--faces", type=whole(1, 64), default=10, metavar="N", help="held-out faces shown (10)")
    parser.add_argument("--sampled", action="store_true",
                        help="draw z from the posterior, as the released code does, instead of taking its mean")
    add_results(parser, "folder for the results (RUN/attributes)")


def run(options):
    with new_results(options, "attributes") as folder:
        opened, device = open_run(options, needs_encoder=True)
        subject = Subject(opened, device, options.data, options.cache)
        images = subject.images(attributes=True)
        names, train, test = images.train.attribute_names, images.train, images.test
        encoded, measured = min(ENCODED, len(train)), min(MEASURED, len(test))
        has, test_has = train.attributes[:encoded] > 0, test.attributes[:measured] > 0
        columns = vectors.chosen(options.attributes, names, has, subject.data)

        z = subject.encode(train, encoded, "training images encoded", options.sampled)
        test_z = subject.encode(test, measured, "held-out images encoded", options.sampled)
        directions = _directions(z, has)
        np.savez(folder / "vectors.npz", names=np.array(names), **directions)
        shown = [names[column] for column in columns]
        for kind, title in KINDS.items():
            faces = _faces(subject, test.pictures(slice(options.faces)), test_z[:options.faces],
                           directions[kind][columns])
            (folder / f"faces_{kind}.png").write_bytes(charts.labelled_grid(
                faces, ["original", "reconstruction", *shown], title=f"Attributes added to z: {title}"))
        strengths = np.concatenate([_strengths(subject, test_z, directions[kind][columns]) for kind in KINDS])
        (folder / "strengths.png").write_bytes(charts.labelled_grid(
            strengths, [f"{strength:+g}" if strength else "0" for strength in STRENGTHS], shown, "Strength of the attribute in z, a face "
            "a row", len(KINDS), list(KINDS.values())))

        network = attribute_network(images, subject.cache, device)
        readings = edits.Readings(network, test.pictures(slice(measured)), test_has)
        change = {kind: edits.changes(subject, readings, test_z, test_has, directions[kind], columns)
                  for kind in KINDS}
        companions = edits.companions(has, columns, readings.readable)
        table = _table(names, columns, has, readings, change, companions)
        read = np.flatnonzero(readings.readable)
        if len(read):
            (folder / "changes.png").write_bytes(charts.changes(
                [change[kind][:, read] for kind in KINDS], list(KINDS.values()), shown,
                [names[column] for column in read]))
        protocol = {"encoded": encoded, "z": "sampled" if options.sampled else "posterior mean",
                    "has": "value above 0", "held_out": measured, "added_to": "the first held-out faces without "
                    f"the attribute, at most {edits.FACES}, at strength 1", "change": "1: as much as from real "
                    "held-out images without the attribute to those with it, read by the attribute network",
                    "leakage": "mean absolute change of the other readable attributes",
                    "readable": f"area under the ROC curve of at least {edits.READABLE}",
                    "attribute_network": network.about()}
        results = {**subject.about(), "protocol": protocol, "attributes": table,
                   "read": list(names), "changes": change}
        (folder / "attributes.json").write_text(as_json(results))
        _print(table)


def _directions(z, has):
    """{kind: (A, Z)}; an attribute with too few images with it, or without, has no vector (nan)."""
    usable = vectors.enough(has)
    directions = {}
    for kind, function in (("plain", vectors.plain), ("regressed", vectors.regressed_out)):
        directions[kind] = np.full((has.shape[1], z.shape[1]), np.nan, np.float32)
        directions[kind][usable] = function(z, has[:, usable])
    return directions


def _faces(subject, originals, z, added):
    """A row for each face: original, reconstruction, then each of the vectors `added` (k, Z)."""
    rows = np.concatenate([z[:, None], z[:, None] + added], axis=1)                  # (n, 1 + k, Z)
    decoded = subject.decode(rows.reshape(-1, z.shape[1]), "faces").reshape(*rows.shape[:2], *originals.shape[1:])
    return np.concatenate([originals[:, None], decoded], axis=1).reshape(-1, *originals.shape[1:])


def _strengths(subject, z, added):
    """A row for each of the vectors `added` (k, Z): one face, at all STRENGTHS."""
    faces = z[np.arange(len(added)) % len(z)]
    rows = faces[:, None] + STRENGTHS[:, None].astype(np.float32) * added[:, None]   # (k, strengths, Z)
    return subject.decode(rows.reshape(-1, z.shape[1]), "strengths")


def _table(names, columns, has, readings, change, companions):
    rows = []
    leaked = {kind: edits.leakage(change[kind], columns, readings.readable) for kind in KINDS}
    for i, (column, companion) in enumerate(zip(columns, companions)):
        row = {"name": names[column], "with": int(has[:, column].sum()), "without": int((~has[:, column]).sum()),
               "network_area": readings.area[column], "readable": bool(readings.readable[column]),
               "intended": {kind: change[kind][i, column] for kind in KINDS},
               "leakage": {kind: leaked[kind][i] for kind in KINDS}}
        if companion:
            other, correlation = companion
            row["companion"] = {"name": names[other], "correlation": correlation,
                                "change": {kind: change[kind][i, other] for kind in KINDS}}
        rows.append(row)
    return rows


def _print(table):
    print(f"\n{'':18} {'plain difference':^19} {'regressed out':^19} {'goes together with':26} {'its change':^15}\n"
          f"{'attribute':18} {'intended':>9} {'leakage':>9} {'intended':>9} {'leakage':>9} {'(correlation)':26} "
          f"{'plain':>7} {'regr.':>7}")
    for row in table:
        pairs = " ".join(f"{row[what][kind]:9.2f}" for kind in KINDS for what in ("intended", "leakage"))
        if not row["readable"]:
            print(f"{row['name']:18} cannot be read: too few held-out images, or the network does not see it")
            continue
        other = row.get("companion")
        beside = ""
        if other:
            name = f"{other['name']} ({other['correlation']:+.2f})"
            beside = f"{name:26} " + " ".join(f"{other['change'][kind]:7.2f}" for kind in KINDS)
        print(f"{row['name']:18} {pairs} {beside}")
    readable = [row for row in table if row["readable"]]
    if readable:
        means = " ".join(f"{np.mean([row[what][kind] for row in readable]):9.2f}"
                         for kind in KINDS for what in ("intended", "leakage"))
        print(f"{'mean':18} {means}\nchange 1: as much as from real faces without the attribute to real faces with it")
