"""the paper's four models side by side: trained alike, shown and measured next to each other (section 4)

GAN, VAE, VAE_Dis_l (which needs the GAN) and VAE/GAN learn from the same data with the same networks and the
numbers of one preset. Flags of the scripts replace some of them, each in all models that have it. Every model
is a run of its own in --out: gan, vae, vae_dis_l, vaegan. The same command again goes on where it was
stopped. Then into --out: samples.png (of the same z), reconstructions.png (of the same test images),
compare.md (what `measure` finds) and compare.json, index.html (the page of all runs).
"""
import argparse
from dataclasses import dataclass
from pathlib import Path

from experiment import report, resume
from experiment.claim import CONFIG
from experiment.commands.shared import path, whole
from experiment.console import say
from experiment.evaluation import side_by_side
from experiment.evaluation.measuring import measure
from experiment.evaluation.results import as_json
from experiment.evaluation.subject import FEWEST, Subject
from experiment.exit import Interrupted, UsageError
from experiment.flags import read_settings
from experiment.reopen import import_script, reopen
from experiment.run import choose_device, train
from experiment.run_data import short
from experiment.run_folder import RunFolder
from experiment.settings import flags, portable, spelled

# In the order of their training. The flags are those that make a model of its script.
MODELS = {"gan": ("celeba_gan", []), "vae": ("celeba_vae", []),
          "vae_dis_l": ("celeba_vae", ["--similarity", "discriminator"]), "vaegan": ("celeba_aegan", [])}
WRITTEN = "samples.png", "reconstructions.png", "compare.md", "compare.json", "index.html"
_ALIKE = "preset", "data", "limit", "image_size", "width", "z_size", "seed", "augment", "conditional"
_NOT_PASSED = "out", "resume", "data_changed", "dry_run", "similarity", "discriminator"


def add_flags(parser):
    parser.add_argument("--out", type=path, metavar="DIR", required=True,
                        help="folder of the runs and of what is written about them")
    parser.add_argument("--models", type=_models, metavar="NAME,...", default=tuple(MODELS),
                        help=f"which of {', '.join(MODELS)} (all)")
    parser.add_argument("--lfw", action="store_true",
                        help="VAE/GAN of lfw_aegan.py, and its data and numbers in all models")
    parser.add_argument("--network", type=path, metavar="DATA",
                        help="data with attributes, to train the attribute network on (the data)")
    parser.add_argument("--count", type=whole(FEWEST), default=2000, metavar="N",
                        help="held-out images, and samples, to measure on, at most (2000)")
    passed = parser.add_argument_group("flags of the scripts, whose --help gives the presets' numbers")
    for name, flag in _passed_flags().items():
        spellings = [spelled(name)] if flag.read else [spelled(name), "--no-" + spelled(name)[2:]]
        passed.add_argument(*spellings, dest=name, action=_Passed, nargs=None if flag.read else 0,
                            metavar=flag.metavar or None, help=flag.doc.replace("%", "%%"))


class _Passed(argparse.Action):
    """A flag of the scripts, kept as it was typed: {field: words}."""

    def __init__(self, option_strings, dest, **options):
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, **options)

    def __call__(self, parser, namespace, value, option_string=None):
        namespace.passed = {**getattr(namespace, "passed", {}),
                            self.dest: [option_string, value] if value else [option_string]}


@dataclass
class Plan:
    """A model that is to be trained: its name, and what its script makes of the flags."""
    name: str
    settings: object
    build: object

    @property
    def folder(self):
        return RunFolder(self.settings.out)

    @property
    def images_seen(self):
        return self.settings.epochs * self.settings.epoch_size * self.settings.batch_size


def run(options):
    folder, passed = Path(options.out), getattr(options, "passed", {})
    _check(folder, options, passed)
    plans = [_plan(name, folder, passed, options.lfw) for name in options.models]
    _check_alike(plans)
    for plan in plans:
        _train(plan)
    device, _ = choose_device(plans[0].settings.device)
    models = {plan.name: _measured(plan, device, options) for plan in plans}
    notes = side_by_side.notes(models, {plan.name: plan.images_seen for plan in plans})
    table = side_by_side.table(models)
    _write(folder, plans, models, notes, table)
    say(f"\n{table}\nwritten: {', '.join(name for name in WRITTEN if (folder / name).exists())} in {folder}")


# ------------------------------------------------------------------------------------------------- training

def _plan(name, folder, passed, lfw):
    script, own = ("lfw_aegan", []) if lfw and name == "vaegan" else MODELS[name]
    module, out = import_script(script), folder / name
    known = flags(module.Config)
    words = [*own, "--out", str(out)]
    if name == "vae_dis_l":
        words += ["--discriminator", str(folder / "gan")]
    numbers = {**(_numbers_of_lfw(passed) if lfw else {}), **passed}
    words += [word for field, typed in numbers.items() if field in known for word in typed]
    if (out / CONFIG).exists():
        words.append("--resume")
    try:
        return Plan(name, read_settings(module.Config, module.PRESETS, script, words), module.build)
    except UsageError as error:
        raise UsageError(f"{name}: {error}") from error


def _check_alike(plans):
    """Raises UsageError where models would learn from other data, or have other networks, than the first."""
    first, *others = plans
    for plan in others:
        for name in _ALIKE:
            ours, theirs = portable(first.settings)[name], portable(plan.settings)[name]
            if ours != theirs:
                raise UsageError(f"{plan.name}: would have {spelled(name)} {short(theirs)}, but {first.name} "
                                 f"has {short(ours)}: give all the flags that the comparison began with")


def _numbers_of_lfw(passed):
    """{field: words} of the numbers in which the two VAE/GAN scripts differ."""
    preset = passed.get("preset", [None, "quick"])[1]
    faces, lfw = ({name: value for numbers in import_script(script).PRESETS.get(preset, {}).values()
                   for name, value in numbers.items()} for script in ("celeba_aegan", "lfw_aegan"))
    return {name: [spelled(name), str(value)] for name, value in lfw.items() if value != faces[name]}


def _train(plan):
    if plan.settings.resume and resume.is_done(plan.folder, plan.settings):
        given, data = portable(plan.settings)["data"], plan.folder.config()["settings"].get("data")
        if given != data:
            raise UsageError(f"--data {plan.settings.data}: {plan.name} has learned from {data}: "
                             "leave the flag out")
        say(f"\n{plan.name}: done before")
        return
    say(f"\n{plan.name}: {plan.images_seen:,} images in batches of {plan.settings.batch_size}")
    try:
        train(plan.settings, plan.build)
    except Interrupted as stop:
        where = str(stop).removesuffix(f": go on with --out {plan.settings.out} --resume")
        raise Interrupted(stop.signal_number, f"{plan.name}: {where}: the same command goes on") from None


# -------------------------------------------------------------------------------- what is written about them

def _measured(plan, device, options):
    """The side_by_side.Model of a finished run; its measures are kept in its folder too."""
    say(f"\n{plan.name}: measured")
    subject = Subject(reopen(plan.settings.out, device), device)
    results, neighbours = measure(subject, options.network, options.count)
    plan.folder.write("measures.json", as_json(results))
    plan.folder.write("neighbours.png", neighbours)
    report.write(plan.folder)
    return side_by_side.of_subject(subject, results)


def _write(folder, plans, models, notes, table):
    into = RunFolder(folder)                             # for its complete writes
    into.write("samples.png", side_by_side.samples(models))
    if any(model.reconstructions is not None for model in models.values()):
        into.write("reconstructions.png", side_by_side.reconstructions(models))
    into.write("compare.md", "\n".join([table, *(f"- {note}" for note in notes), ""]))
    into.write("compare.json", as_json({"notes": notes, "models": {
        plan.name: {"images_seen": plan.images_seen, **models[plan.name].results} for plan in plans}}))
    into.write("index.html", report.compare([plan.folder for plan in plans], folder))


# ---------------------------------------------------------------------------------------------------- flags

def _passed_flags():
    """{field: Flag} of all that one of the scripts knows, but for what the command itself sets."""
    known = {name: flag for script, _ in MODELS.values()
             for name, flag in flags(import_script(script).Config).items()}
    return {name: flag for name, flag in known.items() if name not in _NOT_PASSED}


def _models(words):
    names = words.split(",")
    wrong = [name for name in names if name not in MODELS]
    if wrong:
        raise argparse.ArgumentTypeError(f"{wrong[0]}: no such model: use {', '.join(MODELS)}")
    return tuple(name for name in MODELS if name in names)


def _check(folder, options, passed):
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: is a file: give a folder")
    strange = [file.name for file in sorted(folder.iterdir()) if file.name not in (*MODELS, *WRITTEN)
               ] if folder.is_dir() else []
    if strange:
        raise UsageError(f"--out {folder}: holds other files ({strange[0]}): give a folder of its own")
    has_gan = "gan" in options.models or (folder / "gan" / CONFIG).exists()
    if "vae_dis_l" in options.models and not has_gan:
        raise UsageError("--models: vae_dis_l needs the discriminator of a GAN: add gan")
    known = {field for name in options.models for field in flags(import_script(MODELS[name][0]).Config)}
    for field, words in passed.items():
        if field not in known:
            raise UsageError(f"{words[0]}: none of {', '.join(options.models)} has it: leave it out")
