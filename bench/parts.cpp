// parts: what the pieces of a time step of the layer-5 cell cost, on the built-in tree, for as many trials as
// fit side by side (Google Benchmark). The counter is the time per compartment and trial.
#include <benchmark/benchmark.h>

#include "cell/initial_state.hpp"
#include "simulate/cable_step.hpp"
#include "simulate/flush_subnormals.hpp"
#include "simulate/group.hpp"

namespace {

using namespace nt;

const cell::DetailedCell& layer_five_cell() {
  static const auto cell = [] {
    const std::filesystem::path file = NEURONTWIN_CELLS "/l5pc.toml";
    return cell::read_detailed_cell(config::Settings::from_file(file), file.parent_path());
  }();
  return cell;
}

void count(benchmark::State& state, size_t compartments, size_t lanes) {
  state.counters["of a compartment and trial"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(compartments * lanes),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// The tree with voltages and conductances like those of a cell at work.
template <class T>
struct Tree {
  simulate::NodeOrder order = simulate::order_nodes(layer_five_cell().geometry);
  simulate::CableKernels<T> kernels = simulate::cable_kernels<T>();
  std::vector<int32_t> parent;
  std::vector<T> coupling, diagonal;
  simulate::Aligned<T> v, rhs, d;
  simulate::CableArguments<T> arguments;

  Tree() : v(order.nodes.size() * kernels.lanes), rhs(v.size()), d(v.size()) {
    for (const auto& node : order.nodes) {
      parent.push_back(node.parent);
      coupling.push_back(static_cast<T>(0.01));
    }
    diagonal.assign(order.nodes.size(), static_cast<T>(0.2));
    for (size_t i = 0; i < v.size(); ++i) v[i] = static_cast<T>(-70 - static_cast<int>(i % 13));
    arguments = {.nodes = static_cast<int64_t>(order.nodes.size()),
                 .parent = parent.data(),
                 .to_parent = coupling.data(),
                 .from_parent = coupling.data(),
                 .v = v.data(),
                 .rhs = rhs.data(),
                 .d = d.data(),
                 .gain = 0};
  }
};

template <class T>
void eliminate_and_substitute(benchmark::State& state) {
  const simulate::FlushSubnormals flush;
  Tree<T> tree;
  for (auto _ : state) {
    tree.kernels.reset(tree.rhs.data(), tree.d.data(), tree.diagonal.data(), 0, tree.arguments.nodes);
    tree.kernels.eliminate(tree.arguments, 0, tree.arguments.nodes);
    tree.kernels.substitute(tree.arguments, 0, tree.arguments.nodes);
    benchmark::ClobberMemory();
  }
  count(state, tree.order.nodes.size(), tree.kernels.lanes);
}

/// One kernel of a mechanism over all its instances.
template <class T>
void mechanism(benchmark::State& state, size_t placement, int advance) {
  const simulate::FlushSubnormals flush;
  const auto& cell = layer_five_cell();
  Tree<T> tree;
  simulate::ArrayNames names;
  const auto group = make_group<T>(cell, cell.placements[placement],
                                   {tree.order,
                                    0,
                                    static_cast<int>(tree.order.nodes.size()),
                                    0.025,
                                    {1, 1},
                                    "",
                                    simulate::Scheme::crank_nicolson},
                                   names);
  std::vector<simulate::Aligned<T>> arrays;
  for (size_t k = 0; k < names.size(); ++k) arrays.emplace_back(tree.v.size());
  for (const auto& [name, value] : {std::pair{"cai", 1e-4}, {"eca", 120.0}})
    if (const auto k = names.find(name))
      std::fill_n(arrays[*k].data(), arrays[*k].size(), static_cast<T>(value));
  auto own = simulate::make_group_lanes(group, tree.kernels.lanes, arrays);
  const auto start = cell::initial_state(cell, 0.025).stored[placement];
  const size_t stored = cell.placements[placement].mechanism().stored.size();
  for (size_t i = 0; i < group.instances() * stored; ++i)
    std::fill_n(own.stored.data() + i * tree.kernels.lanes, tree.kernels.lanes,
                static_cast<T>(start[group.instance[i / stored] * stored + i % stored]));
  const auto& fixed = advance < 0 ? group.fixed_current : group.fixed_advance[advance];
  int32_t endless = 0;
  const mechanism::KernelArguments<T> arguments{.first = 0,
                                                .last = static_cast<int64_t>(group.instances()),
                                                .node = group.node.data(),
                                                .fixed = fixed.data(),
                                                .stored = own.stored.data(),
                                                .v = tree.v.data(),
                                                .rhs = tree.rhs.data(),
                                                .d = tree.d.data(),
                                                .ion = own.ions.data(),
                                                .ion_slope = own.ion_slopes.data(),
                                                .table = group.table.data(),
                                                .endless = &endless};
  const auto kernel = advance < 0 ? group.kernels.current : group.kernels.advance[advance];
  for (auto _ : state) {
    kernel(arguments);
    benchmark::ClobberMemory();
  }
  count(state, group.instances(), tree.kernels.lanes);
}

template <class T>
void ten_milliseconds(benchmark::State& state) {
  simulate::CableSimulator<T> simulator(layer_five_cell(), {});
  const std::vector<stimulus::SynapticInput> silence(simulator.lanes());
  for (auto _ : state) benchmark::DoNotOptimize(simulator.run(silence, 10));
  count(state, 400 * layer_five_cell().geometry.compartments.size(), simulator.lanes());
}

template <class T>
void add_all(const std::string& type) {
  benchmark::RegisterBenchmark(("tree/" + type).c_str(), eliminate_and_substitute<T>);
  benchmark::RegisterBenchmark(("everything, without input/" + type).c_str(), ten_milliseconds<T>)
      ->Unit(benchmark::kMillisecond);
  const auto& placements = layer_five_cell().placements;
  for (size_t p = 0; p < placements.size(); ++p) {
    const auto& kernels = placements[p].loaded->kernels.of<T>();
    const auto add = [&](const char* what, int advance, bool there) {
      if (there)
        benchmark::RegisterBenchmark((placements[p].mechanism().name + what + type).c_str(), mechanism<T>, p,
                                     advance);
    };
    add(": current/", -1, kernels.current != nullptr);
    add(": states/", 0, kernels.advance[0] != nullptr);
    add(": slow states/", 1, kernels.advance[1] != nullptr);
  }
}

}  // namespace

int main(int argc, char** argv) {
  add_all<float>("float");
  add_all<double>("double");
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
