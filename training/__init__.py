"""Trainings and what they share. Ctrl-C ends a command without a traceback, also while it imports torch."""

import sys


def ended(kind, error, trace):
    """sys.excepthook of a command."""
    if kind is KeyboardInterrupt:
        print("\nStopped.", flush=True)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = ended
