# The Debian 12 packages that neurontwin needs, and how the two commands build it. Sourced by ./quickstart and ./test.
build_packages=(
  g++ cmake ninja-build ccache
  libeigen3-dev                         # linear algebra of evaluation and interpretation
  libhwy-dev                            # SIMD: one trial per lane; also compiled against when a user brings .mod files
  libhdf5-dev                           # data sets
  libonnx-dev libprotobuf-dev           # twins as ONNX files, for whatever runs these
  zlib1g-dev                            # the data inside a report, which are large
  libsqlite3-dev                        # the architecture search's one file, which many processes write
  libxxhash-dev                         # digests that tell whether a file changed, at the speed of memory
  libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libfmt-dev
  libopenmpi-dev                        # optional: ranks on many machines
  libjs-vega libjs-three                # charts of the report, its neuron in 3-D
)
test_packages=(
  libgtest-dev
  libtorch-dev                          # the judge of our layers, losses and optimiser
  python3 python3-h5py python3-torch    # the files must be readable without us
  pybind11-dev python3-dev              # the Python package
  python3-venv                          # for onnxruntime, which Debian does not have: install_onnxruntime
  python3-nbclient python3-ipykernel python3-matplotlib  # the notebooks
  neuron neuron-dev python3-neuron      # the judge of our simulator: nocmodl and its headers compile the .mod files
  openmpi-bin                           # mpirun, for the tests with ranks
  slurmctld slurmd slurm-client munge   # a Slurm of its own, for the test of examples/slurm
  chromium chromium-driver              # the report must work in a browser
)

developer_packages=(
  clang-format                          # of one version for all: Debian's
  libbenchmark-dev                      # bench/
)

# Where nothing can be installed: why, and what a user does then.
say_what_to_install() {
  cat >&2 <<WORDS
$1 Missing: ${*:2}

Install these yourself, then run this command again (Debian 12), or build by hand:
  Debian, Ubuntu  apt-get install ${build_packages[*]}
  Fedora          dnf install gcc-c++ cmake ninja-build ccache eigen3-devel highway-devel hdf5-devel onnx-devel protobuf-devel \\
                    sqlite-devel xxhash-devel tomlplusplus-devel json-devel cli11-devel fmt-devel
  Arch            pacman -S gcc cmake ninja ccache eigen highway hdf5 onnx protobuf sqlite xxhash tomlplusplus nlohmann-json cli11 fmt
  macOS           brew install cmake ninja ccache eigen highway hdf5 onnx protobuf sqlite xxhash tomlplusplus nlohmann-json cli11 fmt
  no administrator  conda create -n neurontwin -c conda-forge cxx-compiler cmake ninja ccache eigen libhwy hdf5 onnx libprotobuf \\
                    sqlite xxhash tomlplusplus nlohmann_json cli11 fmt   (then: conda activate neurontwin)
Outside Debian the report's two JavaScript libraries are found by -DVEGA_FOLDER=DIR (Vega's modules, vega-*.min.js) and
-DTHREE_FILE=FILE (three.min.js). Then:
  cmake --preset release -DNEURONTWIN_TESTS=OFF && cmake --build --preset release
  build/release/neurontwin run experiments/l5pc-nmda.toml
WORDS
  return 1
}

install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say_what_to_install "This is no Debian system, so nothing was installed." "see below"
    return 1
  fi
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  echo "installing: ${missing[*]}"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      say_what_to_install "To install packages takes root or sudo, and this user has neither." "${missing[@]}"
      return 1
    fi
    root=(sudo)
  fi
  "${root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# The judge of our ONNX files, by pip, into build/python. Where pip cannot have it the test of these files is skipped.
install_onnxruntime() {
  local python=build/python/bin/python
  if "$python" -c 'import onnxruntime' 2>/dev/null; then return; fi
  echo "installing: onnxruntime (by pip, in build/python)"
  # Debian's h5py and torch want numpy 1.
  { /usr/bin/python3 -m venv --system-site-packages build/python &&
    "$python" -m pip install --quiet --timeout 20 --retries 1 onnxruntime 'numpy<2'; } >/dev/null 2>&1 ||
    echo "not installed: onnxruntime; ONNX files will not be tested"
}

# PyPI's torch, several GB, into build/torch: twins in the user's PyTorch are tested with Debian's and, in the slow tests, with this one.
install_pypi_torch() {
  local python=build/torch/bin/python
  if "$python" -c 'import torch' 2>/dev/null; then return; fi
  echo "installing: torch (by pip, in build/torch)"
  { /usr/bin/python3 -m venv build/torch && "$python" -m pip install --quiet --timeout 20 --retries 1 torch numpy; } >/dev/null 2>&1 ||
    echo "not installed: PyPI's torch; twins will be tested in Debian's alone"
}

# The readers of SONATA files, into build/sonata: what networks write is read by them in the slow tests.
install_sonata_readers() {
  local python=build/sonata/bin/python
  if "$python" -c 'import libsonata, bmtk, h5py' 2>/dev/null; then return; fi
  echo "installing: libsonata and bmtk (by pip, in build/sonata)"
  { /usr/bin/python3 -m venv build/sonata &&
    "$python" -m pip install --quiet --timeout 20 --retries 1 libsonata bmtk h5py 'numpy<2'; } >/dev/null 2>&1 ||
    echo "not installed: libsonata and bmtk; that they read a network's files will not be tested"
}

# build PRESET TARGET [cmake option...]: output in build/PRESET
build() {
  local preset=$1 target=$2
  shift 2
  echo "building build/$preset"
  cmake --preset "$preset" "$@" >build-"$preset".log 2>&1 || { cat build-"$preset".log; return 1; }
  rm -f build-"$preset".log
  cmake --build --preset "$preset" --target "$target"
}

# For users: the program alone, without its tests (in a build folder that ./test may have configured otherwise, leave that as it is).
build_release() {
  if [ -f build/release/CMakeCache.txt ]; then build release all; else build release all -DNEURONTWIN_TESTS=OFF; fi
}
