"""the model in one .safetensors file: parameters, running statistics, the config of its run

All commands, and experiment.load_run, take such a file for a RUN. What only training needs, such as the state
of the optimisers, is left out.
"""
from experiment import exported
from experiment.commands.output import new_file
from experiment.commands.shared import add_out, add_run, open_any


def add_flags(parser):
    add_run(parser)
    add_out(parser, "FILE.safetensors", "the file to write")


def run(options):
    with new_file(options, ".safetensors") as file:
        opened, _ = open_any(options)
        exported.save(file, opened.model, opened.config, opened.step)
