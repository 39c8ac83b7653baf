#pragma once
#include <pybind11/pybind11.h>

namespace nt::python {

/// Network, run_network, compare_network.
void bind_network(pybind11::module_& m);
/// plan, list_runs, figures, plot, new_experiment.
void bind_runs(pybind11::module_& m);

}  // namespace nt::python
