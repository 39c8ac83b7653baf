# A Spack package: spack repo add packaging/spack after a repo.yaml beside it. Not built by the project's own tests.
from spack.package import *


class Neurontwin(CMakePackage):
    """Turns a detailed neuron model into a deep network that does the same job."""

    homepage = "https://doi.org/10.1016/j.neuron.2021.07.002"
    license("Apache-2.0")

    version("develop", branch="main")

    depends_on("cmake@3.25:", type="build")
    depends_on("ninja", type="build")
    for library in ("eigen", "highway", "hdf5", "onnx", "protobuf", "sqlite", "zlib", "xxhash", "tomlplusplus", "nlohmann-json", "cli11", "fmt"):
        depends_on(library)
    conflicts("%gcc@:11", msg="C++20")

    def cmake_args(self):
        return [self.define("NEURONTWIN_TESTS", False)]
