"""python -m experiment COMMAND RUN ...: what can be done with a finished run."""
from experiment.commands import main
from experiment.exit import run_program

run_program(main)
