"""how likely held-out images are: ELBO and importance-weighted bound, or a Parzen window on samples

A model with a likelihood of pixels (examples/binary_vae.py) is asked for bounds on log p(x) by its own
p(x|z). Of every model, samples become the centres of Gaussian windows, the number that GANs were compared by;
it says little about how good samples are, so that of as many training images stands beside it. All is in nats
an image. Into RUN: likelihood.json, with how each number was made.
"""
from experiment.commands.output import new_file_in, place
from experiment.commands.shared import add_data, add_results, add_run, open_run, use_data, whole
from experiment.console import say
from experiment.evaluation import likelihood
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import FEWEST, Subject


def add_flags(parser):
    add_run(parser)
    add_data(parser)
    parser.add_argument("--count", type=whole(FEWEST), default=10_000, metavar="N",
                        help="held-out images, at most (10,000)")
    parser.add_argument("--importance", type=whole(1), default=500, metavar="K",
                        help="samples of z for the importance-weighted bound of an image (500)")
    parser.add_argument("--windows", type=whole(FEWEST), default=10_000, metavar="N",
                        help="samples of the model, and training images, that windows are put on (10,000)")
    add_results(parser, "folder for likelihood.json (RUN)")


def run(options):
    with new_file_in(options, place(options), "likelihood.json") as file:
        opened, device = open_run(options, takes_attributes=True)
        use_data(options, opened.settings)
        subject = Subject(opened, device)
        images = subject.images()
        held_out = images.test.pictures(slice(options.count))
        found = {}
        if subject.model.has_likelihood:
            found["bounds"] = likelihood.bounds(subject, held_out, options.importance)
        windows = min(options.windows, len(images.train))
        told = subject.told(images.train, windows)
        samples = subject.samples(subject.prior(windows, "windows"), told=told)
        centres = {"samples": samples, "training images": images.train.pictures(slice(windows))}
        found["parzen"] = {name: likelihood.parzen(some, held_out) for name, some in centres.items()}
        chosen = min(likelihood.VALIDATION, len(held_out) // 3)
        protocol = {"held_out": len(held_out), "importance": options.importance, "windows": windows,
                    "bounds": "of log p(x), with log q(z|x) by samples; grey images drawn binary once, for a "
                              "Bernoulli likelihood; Gaussian: a density of pixels in [-1, 1]",
                    "parzen": f"pixels in [0, 1], sigma chosen on the first {chosen:,} held-out images, "
                              f"measured on the others; {likelihood.WEAKNESS}"}
        file.write(as_json({**subject.about(), "protocol": protocol, "likelihood": found}).encode())
    _print(found, options.importance, len(held_out))


def _print(found, importance, count):
    say(f"\nnats an image of {count:,} held-out ones (standard error)")
    rows = {"elbo": "ELBO", "importance": f"importance-weighted bound, {importance:,} samples",
            "kl": "of it log q(z|x) - log p(z)"}
    for name, (mean, error) in found.get("bounds", {}).items():
        say(f"  {rows[name]:44} {mean:10.2f} ({error:.2f})")
    for name, row in found["parzen"].items():
        mean, error = row["log_likelihood"]
        edge = ", the last that was tried" if row["at_the_edge"] else ""
        say(f"  {f'Parzen window on {name}':44} {mean:10.1f} ({error:.1f}), sigma {row['sigma']:.3f}{edge}")
    say(f"  careful: {likelihood.WEAKNESS}")
