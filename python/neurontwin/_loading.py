"""Loads the compiled part so that it finds its own C++ library first. PyPI's NEURON 8.2 puts parts of another one into the whole process,
which end it where they are taken for ours."""
import os
import sys

flags = sys.getdlopenflags()
sys.setdlopenflags(flags | getattr(os, "RTLD_DEEPBIND", 0))
try:
    from . import _core  # noqa: F401
finally:
    sys.setdlopenflags(flags)
