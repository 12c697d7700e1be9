"""how far a run's images are from real ones: reconstructions, samples, attributes, nearest training images

Distances between sets are taken in the features of an attribute network, which is trained here once for each
data set and image size: they are no Inception distances, and can be compared within one data set and size
only. Real training images stand beside, as what could be reached. Into RUN: measures.json, with how each
number was made, and neighbours.png, samples above their nearest training images.
"""
import numpy as np

from dataset import DataError
from experiment.commands.output import new_file_in, place
from experiment.commands.shared import add_data, add_results, add_run, open_run, whole
from experiment.evaluation import charts, measures, pixels
from experiment.evaluation.attribute_network import attribute_network
from experiment.evaluation.distances import NEIGHBOURS
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import Subject

SHOWN = 12         # samples in neighbours.png


def add_flags(parser):
    add_run(parser)
    add_data(parser)
    parser.add_argument("--network", metavar="DATA", help="data with attributes, to train the network on whose "
                        "features are compared (the data that is measured on)")
    parser.add_argument("--count", type=whole(10), default=2000, metavar="N",
                        help="held-out images, and samples, at most (2000)")
    add_results(parser, "folder for measures.json and neighbours.png (RUN)")


def run(options):
    folder = place(options)
    with new_file_in(options, folder, "measures.json") as file:
        opened, device = open_run(options)
        subject = Subject(opened, device, options.data, options.cache)
        results, picture = measure(subject, options.network, options.count)
        file.write(as_json(results).encode())
        with new_file_in(options, folder, "neighbours.png") as other:
            other.write(picture)
    print_table(results)


def measure(subject, network_data=None, count=2000):
    """(results, the bytes of neighbours.png) of an evaluation.subject.Subject.

    network_data: what the attribute network is trained on, if not the data; count: of held-out images and of
    samples, at most. results: {"model", ..., "protocol", "measures"}, as measures.json has them.
    """
    images = subject.images()
    attributed = _attributed(subject, network_data)
    count = min(count, len(images.test))
    originals = images.test.pictures(slice(count))
    samples = subject.samples(subject.prior(count, "samples"))
    found = {"difference": {"samples": pixels.difference(samples), "real": pixels.difference(originals)}}
    reconstructions = None
    if subject.model.has_encoder:
        reconstructions = subject.decode(subject.encode(images.test, count, "held-out images encoded"),
                                         "reconstructions")
        found["reconstruction"] = measures.reconstruction(originals, reconstructions)
    protocol = {"held_out": count, "samples": f"{count}, z of N(0, I), seed 0",
                "reconstructions": "of posterior means", "statistics": "running",
                "psnr": "dB, mean over images", "ssim": "Wang et al. 2004: gaussian window, sigma 1.5",
                "difference": "mean absolute difference between one half of the images and the other",
                "nearest": f"root mean squared difference at {pixels.SIDE} x {pixels.SIDE} pixels, to training "
                           f"images and their mirror images; alone: over that of the {pixels.AROUND} nearest"}
    if attributed:
        network = attribute_network(attributed, subject.cache, subject.device)
        _in_features(found, network, images, originals, samples, reconstructions)
        protocol |= {"attribute_network": {"data": str(network_data or subject.data), **network.about()},
                     "distances": f"in its 128 features, {count} images against {count} held-out ones; kernel "
                                  f"(x . y / 128 + 1)^3, unbiased; {NEIGHBOURS} nearest neighbours"}
        if reconstructions is not None and not network_data:
            found["z"] = _read_from_z(subject, attributed)
            protocol["z"] = (f"ridge {measures.RIDGE:g} on posterior means of {measures.FITTED} training images, "
                             f"read on {measures.UNSEEN} held-out ones; area under the ROC curve")
    found["nearest"], rows = measures.neighbours(samples, originals, images.train)
    results = {**subject.about(), "protocol": protocol, "measures": found}
    pairs = np.concatenate([samples[:SHOWN], images.train.pictures(rows[:SHOWN])])
    labels = [str(number) for number in range(1, len(pairs) // 2 + 1)]
    return results, charts.labelled_grid(pairs, labels, ["sample", "nearest\ntraining image"],
                                         "Samples and the training images nearest to them")


def _attributed(subject, network_data):
    """The data with attributes that the network is trained on; None, told, where the run's data has none."""
    try:
        return subject.images(attributes=True, data=network_data)
    except DataError as error:
        if network_data:
            raise
        print(f"without an attribute network: {error}; or give other data for it with --network", flush=True)
        return None


def _in_features(found, network, images, originals, samples, reconstructions):
    """Add what is measured with an attribute network."""
    count = len(originals)
    real = network.features(originals.__getitem__, count, "features: held-out")
    sets = {"samples": network.features(samples.__getitem__, count, "features: samples")}
    if reconstructions is not None:
        sets["reconstructions"] = network.features(reconstructions.__getitem__, count, "features: reconstructions")
        found["reconstruction"] |= measures.feature_distance(real, sets["reconstructions"])
        found["attributes"] = measures.agreement(network.read(originals.__getitem__, count),
                                                 network.read(reconstructions.__getitem__, count), network.names)
    train = min(count, len(images.train))
    sets["real training images"] = network.features(images.train.pictures, train, "features: training")
    found["distances"] = measures.set_distances(real, sets)


def _read_from_z(subject, images):
    train, test = images.train, images.test
    fitted, unseen = min(measures.FITTED, len(train)), min(measures.UNSEEN, len(test))
    areas = measures.readable(subject.encode(train, fitted, "training images encoded"),
                              train.attributes[:fitted] > 0,
                              subject.encode(test, unseen, "held-out images encoded"), test.attributes[:unseen] > 0,
                              train.attribute_names)
    return {"mean_area": np.mean(list(areas.values())) if areas else None, "area": areas}


def print_table(results):
    """The main measures, for people."""
    found = results["measures"]
    held_out = results["protocol"]["held_out"]
    print(f"\nagainst {held_out:,} held-out images{'':9} {'Frechet':>9} {'kernel':>9} {'precision':>9} {'recall':>9}")
    for name, row in found.get("distances", {}).items():
        print(f"  {name:32} {row['frechet']:9.2f} {row['kernel']:9.3f} {row['precision']:9.2f} {row['recall']:9.2f}")
    if "reconstruction" in found:
        row = found["reconstruction"]
        line = f"reconstructions: PSNR {row['psnr']:.2f} dB, SSIM {row['ssim']:.3f}"
        if "feature_distance" in row:
            line += (f", feature distance {row['feature_distance']:.2f} "
                     f"(between two faces {row['feature_distance_of_two_faces']:.2f})")
        print(line)
    if "attributes" in found:
        row = found["attributes"]
        print(f"attributes, image and reconstruction: {row['agreement']:.1%} agree (by chance {row['by_chance']:.1%}"
              f"), correlation {row['correlation']:.2f}")
    if "z" in found and found["z"]["area"]:
        print(f"attributes read from z: mean area under the ROC curve {found['z']['mean_area']:.3f}")
    row = found["difference"]
    print(f"difference between two samples: {row['samples'] / row['real']:.2f} of that between two real faces")
    row = found["nearest"]
    print(f"copies: {row['copies']:.1%} of the samples are as near to one training image alone as 1% of the "
          "held-out images are")
    if row["held_out_in_training"]:
        print(f"careful: {row['held_out_in_training']:,} held-out images are among the training images too")
