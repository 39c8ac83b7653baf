#!/usr/bin/env bash
set -euo pipefail
# Vega's modules and three.js are Debian's packages libjs-vega and libjs-three: VEGA_FOLDER and THREE_FILE say where they lie.
cmake -S . -B build/conda -G Ninja $CMAKE_ARGS -DCMAKE_BUILD_TYPE=Release -DNEURONTWIN_TESTS=OFF \
  -DVEGA_FOLDER="${VEGA_FOLDER:-/usr/share/javascript/vega}" -DTHREE_FILE="${THREE_FILE:-/usr/share/javascript/three/three.min.js}"
cmake --build build/conda
cmake --install build/conda --prefix "$PREFIX"
