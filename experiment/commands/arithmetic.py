"""arithmetic on z of samples: smiling woman - woman + man (Radford, Metz & Chintala 2016)

Works on every model that samples, so on GANs, which have no encoder. An attribute network, which is trained
here once for each data set and image size, finds samples that show the same; of three of them each the mean z
is taken. Into RUN/arithmetic/: arithmetic.png, a few examples, with the same arithmetic on pixels beside;
arithmetic.json, in how many of 200 the network reads what was to come out.
"""
import numpy as np

from experiment.commands.output import new_results
from experiment.commands.shared import add_data, add_results, add_run, open_run, use_data, whole
from experiment.console import say
from experiment.evaluation import arithmetic, charts
from experiment.evaluation.attribute_network import attribute_network
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import Subject
from experiment.exit import UsageError

SHOWN = 4           # rows of an expression in the picture


def add_flags(parser):
    add_run(parser)
    add_data(parser, "data with attributes: celeba, lfw, toyfaces, or a path (the data of the run)")
    parser.add_argument("--count", type=whole(10), default=2000, metavar="N", help="samples drawn (2000)")
    add_results(parser, "folder for the results (RUN/arithmetic)")


def run(options):
    with new_results(options, "arithmetic") as folder:
        opened, device = open_run(options)
        use_data(options, opened.settings)
        subject = Subject(opened, device)
        network = attribute_network(subject.images(attributes=True), subject.cache, device)
        names = list(network.names)
        missing = {name for some in arithmetic.EXPRESSIONS for name in some.wanted} - set(names)
        if missing:
            raise UsageError(f"--data {subject.data}: has no attribute {sorted(missing)[0]}: give faces with "
                             "CelebA's attributes")

        def read(images):
            return network.read(images.__getitem__, len(images))

        z = subject.prior(options.count, "samples")
        readings = read(subject.samples(z))
        found, rows = {}, []
        for expression in arithmetic.EXPRESSIONS:
            found[expression.words], images = arithmetic.evaluate(expression, z, readings, names,
                                                                  subject.samples, read)
            rows.append(images[:SHOWN])
        (folder / "arithmetic.png").write_bytes(charts.labelled_grid(
            np.concatenate(rows).reshape(-1, *images.shape[2:]), ["a", "b", "c", "z", "pixel"],
            [words for words in found for _ in range(SHOWN)], "a - b + c"))
        protocol = {"samples": options.count, "exemplars": arithmetic.EXEMPLARS,
                    "repeats": arithmetic.REPEATS,
                    "shares": "of images in which the attribute network reads all that is wanted: of a - b + "
                              "c on z, of the same on pixels, of c, and of all samples",
                    "attribute_network": network.about()}
        (folder / "arithmetic.json").write_text(as_json({**subject.about(), "protocol": protocol,
                                                         "expressions": found}))
    say(f"\n{'show what is wanted':34} {'on z':>8} {'on pixels':>10} {'c alone':>8} {'samples':>8}")
    for words, row in found.items():
        say(f"  {words:32} {row['on_z']:8.0%} {row['on_pixels']:10.0%} {row['c_alone']:8.0%} "
            f"{row['of_samples']:8.0%}")
