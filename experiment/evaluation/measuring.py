"""All measures of a finished run, with the protocol by which they were taken."""
import numpy as np

from dataset import DataError
from experiment.console import say
from experiment.evaluation import charts, measures, pixels
from experiment.evaluation.attribute_network import attribute_network
from experiment.evaluation.distances import NEIGHBOURS

SHOWN = 12         # samples in the picture of nearest training images


def measure(subject, network_data=None, count=2000):
    """(results, the bytes of neighbours.png) of an evaluation.subject.Subject.

    network_data: what the attribute network is trained on, if not the subject's data. count: of held-out
    images and of samples, at most. results: what measures.json holds: about the run, "protocol", "measures".
    Raises UsageError, dataset.DataError.
    """
    images = subject.images()
    attributed = _attributed(subject, network_data)
    count = min(count, len(images.test))
    originals, told = images.test.pictures(slice(count)), subject.told(images.test, count)
    samples = subject.samples(subject.prior(count, "samples"), told=told)
    reconstructions = None
    found = {"difference": {"samples": pixels.difference(samples), "real": pixels.difference(originals)}}
    if subject.model.has_encoder:
        z = subject.encode(images.test, count, "held-out images encoded")
        reconstructions = subject.decode(z, "reconstructions", told)
        found["reconstruction"] = measures.reconstruction(originals, reconstructions)
    protocol = _protocol(count, bool(told))
    if attributed:
        network = attribute_network(attributed, subject.cache, subject.device)
        _in_features(found, network, images.train, originals, samples, reconstructions)
        protocol["attribute_network"] = {"data": str(network_data or subject.data), **network.about()}
        # A conditional encoder is told the attributes: z need not hold them.
        if reconstructions is not None and not network_data and not told:
            found["z"] = _read_from_z(subject, attributed)
    found["nearest"], rows = measures.neighbours(samples, originals, images.train)
    pairs = np.concatenate([samples[:SHOWN], images.train.pictures(rows[:SHOWN])])
    picture = charts.labelled_grid(pairs, [str(number) for number in range(1, len(pairs) // 2 + 1)],
                                   ["sample", "nearest\ntraining image"],
                                   "Samples and the training images nearest to them")
    return {**subject.about(), "protocol": protocol, "measures": found}, picture


def _protocol(count, is_conditional):
    return {
        "held_out": count, "reconstructions": "of posterior means",
        "samples": f"{count}, z of N(0, I), seed 0" + (
            ", attributes of the held-out images" if is_conditional else ""),
        "statistics": "running", "psnr": "dB, mean over images",
        "ssim": "Wang et al. 2004: gaussian window, sigma 1.5; mean over images",
        "difference": "mean absolute difference between one half of the images and the other",
        "distances": f"of {count} held-out images to as many others, in the features of the attribute "
                     "network, which was trained on the training images; kernel (x . y / D + 1)^3, unbiased; "
                     f"manifolds of {NEIGHBOURS} nearest neighbours",
        "z": f"ridge {measures.RIDGE:g} from posterior means of up to {measures.FITTED} training images, "
             f"read on up to {measures.UNSEEN} held-out ones; area under the ROC curve",
        "nearest": f"root mean squared difference at {pixels.SIDE} x {pixels.SIDE} pixels, to training "
                   f"images and their mirror images; copies: over that of the {pixels.AROUND} nearest"}


def _attributed(subject, network_data):
    """The data with attributes that the network is trained on; None, told, where the run's data has none."""
    try:
        return subject.images(attributes=True, data=network_data)
    except DataError as error:
        if network_data:
            raise
        say(f"without an attribute network: {error}; or name other data to train it on with --network")
        return None


def _in_features(found, network, train, originals, samples, reconstructions):
    """Add what is measured with an attribute network."""
    count = len(originals)
    real = network.features(originals.__getitem__, count, "features: held-out")
    sets = {"samples": network.features(samples.__getitem__, count, "features: samples")}
    if reconstructions is not None:
        again = network.features(reconstructions.__getitem__, count, "features: reconstructions")
        sets["reconstructions"] = again
        found["reconstruction"] |= measures.feature_distance(real, again)
        found["attributes"] = measures.agreement(
            *(network.read(some.__getitem__, count) for some in (originals, reconstructions)), network.names)
    sets["real training images"] = network.features(train.pictures, min(count, len(train)),
                                                    "features: training")
    found["distances"] = measures.set_distances(real, sets)


def _read_from_z(subject, images):
    """{"mean_area", "area": {attribute: area}}; {} where there are too few images of every attribute."""
    train, test = images.train, images.test
    fitted, unseen = min(measures.FITTED, len(train)), min(measures.UNSEEN, len(test))
    areas = measures.readable(subject.encode(train, fitted, "training images encoded"),
                              train.attributes[:fitted] > 0,
                              subject.encode(test, unseen, "held-out images encoded"),
                              test.attributes[:unseen] > 0, train.attribute_names)
    return {"mean_area": np.mean(list(areas.values())), "area": areas} if areas else {}
