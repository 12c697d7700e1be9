"""What adding an attribute vector to z changes, as an attribute network reads it: intended and not."""
import numpy as np

from experiment.evaluation.distances import above

FACES = 100          # held-out faces that an attribute is added to, at most
READABLE = 0.8       # area under the ROC curve from which on a change of the reading means something
HELD_OUT = 5         # held-out images needed with an attribute, and without


class Readings:
    """How well a network reads the attributes of held-out images, and the unit for changes of its readings.

    images (n, S, S, C), has (n, A) bool: of held-out images.
    """

    def __init__(self, network, images, has):
        self.network = network
        read = network.read(images.__getitem__, len(images))
        columns = range(has.shape[1])
        self.area, self.gap = np.full(len(columns), np.nan), np.full(len(columns), np.nan)
        for column in columns:
            with_it, without = read[has[:, column], column], read[~has[:, column], column]
            if min(len(with_it), len(without)) >= HELD_OUT:
                self.area[column] = above(with_it, without)
                self.gap[column] = with_it.mean() - without.mean()
        self.readable = np.nan_to_num(self.area) >= READABLE                          # (A,)
        self.gap[~self.readable] = np.nan

    def change(self, before, after):
        """(A,) of images before and after an edit: the mean change of each reading, nan where it is not
        readable. 1: as much as from real images without the attribute to real images with it."""
        return (after - before).mean(0) / self.gap


def changes(subject, readings, z, has, vectors, columns):
    """(len(columns), A): what adding the vector of each of `columns` changes, see Readings.change.

    z (n, Z) and has (n, A) bool: of held-out faces. Each of `vectors` (len(columns), Z) is added, at strength
    1, to the first FACES of them that lack its attribute.
    """
    lacking = [np.flatnonzero(~has[:, column])[:FACES] for column in columns]
    before = readings.network.read(subject.decode(z, "decoded").__getitem__, len(z))
    added = np.concatenate([z[faces] + vector for vector, faces in zip(vectors, lacking)])
    after = readings.network.read(subject.decode(added, "decoded with attributes").__getitem__, len(added))
    ends = np.cumsum([len(faces) for faces in lacking])[:-1]
    return np.stack([readings.change(before[faces], some) if len(faces) else np.full(has.shape[1], np.nan)
                     for faces, some in zip(lacking, np.split(after, ends))])


def leakage(change, columns, readable):
    """(len(columns),): the mean absolute change of the other attributes that can be read."""
    others = readable & (np.arange(len(readable)) != np.array(columns)[:, None])
    return np.array([np.abs(row[other]).mean() if other.any() else np.nan
                     for row, other in zip(change, others)])


def companions(has, columns, readable):
    """Of each of `columns` the other readable attribute that it goes together with most, or least: [(column,
    correlation)]; None where no other can be read. has (n, A) bool: of training images."""
    varied = readable & (has.std(0) > 0)
    found = []
    for column in columns:
        others = [other for other in np.flatnonzero(varied) if other != column]
        r = [np.corrcoef(has[:, column], has[:, other])[0, 1] for other in others]
        best = int(np.argmax(np.abs(r))) if others else None
        found.append((int(others[best]), float(r[best])) if others else None)
    return found
