"""the model in one .safetensors file: parameters, running statistics, the config of its run

All commands, and experiment.load_run, take such a file for a RUN. What only training needs, such as the state
of the optimisers, is left out. With --share the file is made to be given away: half precision, no
discriminator, no path of this machine; the attribute vectors that the command attributes left in RUN are in
it, and beside it lies its card, FILE.md: data, settings, measures (of the command measure), limits.
"""
from pathlib import Path

from experiment import exported
from experiment.card import card
from experiment.commands.output import new_file, new_file_in
from experiment.commands.shared import add_out, add_run, open_any
from experiment.evaluation import vectors


def add_flags(parser):
    add_run(parser)
    parser.add_argument("--share", action="store_true",
                        help="half precision, without what is yours or only trains, with a card (FILE.md)")
    add_out(parser, "FILE.safetensors", "the file to write")


def run(options):
    with new_file(options, ".safetensors") as file:
        opened, device = open_any(options)
        known = vectors.known(opened, options.run)
        exported.save(file, opened.model, opened.config, opened.step, known, options.share)
        if options.share:
            path = Path(options.out)
            with new_file_in(options, path.parent, f"{path.stem}.md") as text:
                text.write(card(opened, options.run, path.name, file.tell(), known, device).encode())
