"""Mutants that change nothing a test could see, each with the proof.

(file, how the mutant shows its line): why it is equivalent.
"""
EQUIVALENT = {
}
