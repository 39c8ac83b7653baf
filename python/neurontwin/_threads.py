"""OpenMP's threads shall sleep while they wait: on a machine with other work a training is many times faster so. GNU's OpenMP is told when it
is loaded, which other packages (torch, matplotlib) may have done before this one."""
import os
import warnings


def loaded(library):
    try:
        with open("/proc/self/maps") as maps:
            return library in maps.read()
    except OSError:
        return False


told = "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ
too_late = not told and loaded("libgomp")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
said = False


def threads_of(threads):
    """As asked for; where nobody asked and it is too late to tell OpenMP, one thread, which waits for none."""
    if threads or not too_late:
        return threads
    global said
    if not said:
        said = True
        warnings.warn("another package has loaded OpenMP before neurontwin could tell it how to wait: one thread is used. Import neurontwin "
                      "first, or set GOMP_SPINCOUNT=0 before Python starts; or say threads=N", stacklevel=3)
    return 1
