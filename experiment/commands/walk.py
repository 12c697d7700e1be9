"""walks in z and over epochs, as animations, and single pictures: what the released code leaves of a run

Into RUN/walk/ (FORMAT webp, gif or mp4):

    walk.FORMAT                      a random walk in z, 150 frames, from the z of held-out faces
    interpolation_faces.FORMAT       from held-out face to held-out face, along arcs in z
    interpolation_samples.FORMAT     from sample to sample
    convergence_samples.FORMAT       the run's samples, epoch after epoch
    convergence_reconstructions.FORMAT
    samples/  originals/  reconstructions/     100 samples, 64 held-out faces, as single pictures
    walk.json                        how they were made

A GAN, which has no encoder, walks from samples and has no faces; an exported file has no epochs.
"""
import numpy as np
from PIL import Image
from tqdm import tqdm

from experiment.commands.interpolate import slerp
from experiment.commands.output import new_results, single_pictures
from experiment.commands.shared import add_data, add_results, add_run, open_run, use_data, whole
from experiment.evaluation import animation
from experiment.evaluation.animation import FRAMES_PER_SECOND, captioned
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import Subject
from experiment.pictures import grid
from experiment.run_folder import RunFolder
from experiment.settings import generator

SAMPLES, FACES = 100, 64              # [released code] single pictures
STEPS, TURN, KEPT = 150, 10, 0.1      # [released code] frames; those to a goal; share of z that it keeps
STOPS, LEG = 4, 15                    # of an interpolation: z on the way round; frames from one to the next
EPOCHS_PER_SECOND = 5


def add_flags(parser):
    add_run(parser)
    add_data(parser)
    parser.add_argument("--format", choices=animation.FORMATS, default="webp",
                        help="of the animations; mp4 needs ffmpeg (webp)")
    parser.add_argument("--faces", type=whole(1, FACES), default=32, metavar="N",
                        help="faces in an animation (32)")
    add_results(parser, "folder for the results (RUN/walk)")


def run(options):
    animation.check(options.format)
    with new_results(options, "walk") as folder:
        opened, device = open_run(options)
        use_data(options, opened.settings)
        subject = Subject(opened, device)

        def animate(name, frames, count, per_second=FRAMES_PER_SECOND):
            counted = tqdm(frames, total=count, desc=name, unit="frame", disable=None)
            animation.write(folder / f"{name}.{options.format}", counted, options.format, per_second)

        shown, z = options.faces, subject.prior(SAMPLES, "samples")           # z of the command sample
        single_pictures(folder / "samples")(subject.samples(z))
        animate("interpolation_samples", _interpolation(subject.samples, z, shown, "samples"), STOPS * LEG)
        start, decode = z, subject.samples
        if subject.model.has_encoder:
            held_out = subject.images().test
            faces = min(FACES, len(held_out))
            start, decode = subject.encode(held_out, faces, "held-out faces encoded"), subject.decode
            single_pictures(folder / "originals")(held_out.pictures(slice(faces)))
            single_pictures(folder / "reconstructions")(subject.decode(start, "reconstructions"))
            animate("interpolation_faces", _interpolation(decode, start, shown, "held-out faces"),
                    STOPS * LEG)
        animate("walk", _walk(decode, start[:shown]), STEPS)
        for kind in ("samples", "reconstructions"):
            pictures = RunFolder(options.run).pictures(kind)
            if pictures:
                frames = (captioned(np.asarray(Image.open(path).convert("RGB")), f"{kind}, {_epoch(path)}")
                          for path in pictures)
                animate(f"convergence_{kind}", frames, len(pictures), EPOCHS_PER_SECOND)
        protocol = {"samples": f"z of N(0, I), seed 0, as `sample --count {SAMPLES}` draws them",
                    "walk": f"{STEPS} frames, seed 0; every {TURN} a new goal in N(0, I), which keeps "
                            f"{KEPT:.0%} of z",
                    "interpolation": f"spherical, {LEG} frames from one z to the next, {STOPS} z all round"}
        (folder / "walk.json").write_text(as_json({**subject.about(), "protocol": protocol}))


def _interpolation(decode, z, shown, what):
    """Frames from each of the first z to the next, all round; each picture of `shown` begins at another."""
    stops = min(STOPS, len(z))
    for leg in range(stops):
        begin, end = np.roll(z, -leg, axis=0)[:shown], np.roll(z, -((leg + 1) % stops), axis=0)[:shown]
        for frame in range(LEG):
            between = [slerp(a, b, frame / LEG) for a, b in zip(begin, end)]
            images = decode(np.stack(between).astype(np.float32), "frames")
            yield captioned(grid(images), f"between {what}: {leg + 1} to {(leg + 1) % stops + 1}")


def _walk(decode, z):
    """The released code's random walk: straight to a goal, then to another."""
    rng, z = generator(0, "walk"), z.copy()
    for frame in range(STEPS):
        if frame % TURN == 0:
            goal = rng.standard_normal(z.shape, np.float32)
            step = np.where(rng.random(z.shape) < KEPT, 0, goal - z).astype(np.float32) / TURN
        z += step
        yield captioned(grid(decode(z, "frames")), f"random walk in z, frame {frame + 1} of {STEPS}")


def _epoch(path):
    return f"epoch {int(path.stem.rpartition('_')[2])}"
