"""how far a run's images are from real ones: samples, reconstructions, attributes, nearest training images

Distances between sets are taken in the features of an attribute network, which is trained here once for each
data set and image size: they are no Inception distances, and can be compared within one data set and size
only. Real training images stand beside, as what could be reached. Into RUN: measures.json, with how each
number was made, and neighbours.png, samples above their nearest training images.
"""
from experiment import report
from experiment.commands.output import is_in_its_run, new_file_in, place
from experiment.commands.shared import add_data, add_results, add_run, open_run, path, use_data, whole
from experiment.console import say
from experiment.evaluation.measuring import measure
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import FEWEST, Subject
from experiment.run_folder import RunFolder


def add_flags(parser):
    add_run(parser)
    add_data(parser)
    parser.add_argument("--network", type=path, metavar="DATA",
                        help="data with attributes, to train the attribute "
                        "network on (the data that is measured on)")
    parser.add_argument("--count", type=whole(FEWEST), default=2000, metavar="N",
                        help="held-out images, and samples, at most (2000)")
    add_results(parser, "folder for measures.json and neighbours.png (RUN)")


def run(options):
    folder = place(options)
    with (new_file_in(options, folder, "neighbours.png") as picture,
          new_file_in(options, folder, "measures.json") as file):
        opened, device = open_run(options, takes_attributes=True)
        use_data(options, opened.settings)
        subject = Subject(opened, device)
        results, neighbours = measure(subject, options.network, options.count)
        picture.write(neighbours)
        file.write(as_json(results).encode())
    if is_in_its_run(options):
        report.write(RunFolder(options.run))
    print_table(results)


def print_table(results):
    """The main measures, for people. results: as evaluation.measuring.measure gives them."""
    found, held_out = results["measures"], f"against {results['protocol']['held_out']:,} held-out images"
    say("")
    if "distances" in found:
        say(f"{held_out:34} {'Frechet':>9} {'kernel':>9} {'precision':>9} {'recall':>9}")
    for name, row in found.get("distances", {}).items():
        say(f"  {name:32} {row['frechet']:9.2f} {row['kernel']:9.3f} {row['precision']:9.2f} "
            f"{row['recall']:9.2f}")
    if "reconstruction" in found:
        row = found["reconstruction"]
        say(f"reconstructions: PSNR {row['psnr']:.2f} dB, SSIM {row['ssim']:.3f}" + (
            f", feature distance {row['feature_distance']:.2f} (between two faces "
            f"{row['feature_distance_of_two_faces']:.2f})" if "feature_distance" in row else ""))
    if "attributes" in found:
        row = found["attributes"]
        say(f"attributes of image and reconstruction: {row['agreement']:.1%} agree (by chance "
            f"{row['by_chance']:.1%}), correlation {row['correlation']:.2f}")
    if found.get("z"):
        say(f"attributes read from z: mean area under the ROC curve {found['z']['mean_area']:.3f}")
    row = found["difference"]
    say(f"difference between two samples: {row['samples'] / row['real']:.2f} of that between two faces")
    row = found["nearest"]
    say(f"copies: {row['copies']:.1%} of the samples are as near to one training image alone as 1% of the "
        "held-out images are")
    if row["held_out_in_training"]:
        say(f"careful: {row['held_out_in_training']:,} held-out images are among the training images too")
