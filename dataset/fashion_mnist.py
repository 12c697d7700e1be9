"""Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017): ten kinds of clothes, in files like MNIST's."""
from dataset import mnist

NEEDS = mnist.NEEDS
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
           "Ankle_boot")


def recognises(place):
    """Whether MNIST's files lie there in a folder or an archive that is named after fashion."""
    nearest = [place.path.resolve().name, place.path.resolve().parent.name, *place.files.others]
    return mnist.recognises(place) and any("fashion" in name.lower() for name in nearest)


def open_source(place, seed=0):
    """As dataset.mnist.open_source, with the names of the classes."""
    return mnist.open_source(place, seed, CLASSES)
