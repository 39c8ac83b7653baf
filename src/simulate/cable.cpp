#include "simulate/cable.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <new>
#include <utility>

#include "config/error.hpp"
#include "simulate/cable_step.hpp"
#include "simulate/flush_subnormals.hpp"

namespace neurontwin {
namespace {

/// Nodes whose mechanisms are evaluated together: their states stay in the first-level cache from one
/// mechanism to the next.
constexpr int kBlockNodes = 64;
constexpr double kSample_ms = 0.125;

/// Memory of whole cache lines, for aligned vectors.
template <class T>
class Aligned {
 public:
  explicit Aligned(size_t size = 0)
      : data_(size ? static_cast<T*>(::operator new(size * sizeof(T), std::align_val_t(64))) : nullptr),
        size_(size) {
    std::fill_n(data_, size_, T{});
  }
  Aligned(Aligned&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Aligned& operator=(Aligned&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Aligned() { ::operator delete(data_, std::align_val_t(64)); }
  T* data() { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }

 private:
  T* data_;
  size_t size_;
};

/// A mechanism's instances, ready for its kernels.
template <class T>
struct Group {
  const Placement* placement = nullptr;
  Kernels<T> kernels;
  std::vector<int32_t> node;         // of each instance, ascending
  std::vector<int64_t> block_start;  // first instance of each block, and the end
  std::vector<T> fixed_current, fixed_advance;
  Aligned<T> stored;
  std::vector<T*> ions, ion_slopes;
  std::vector<double> initial;  // [instance][stored]
  std::vector<T> event;         // [instance][stored]: what an event of weight 1 adds
  bool additive = true;         // events only add
};

struct Event {
  int32_t step;
  int32_t block;
  int32_t group;
  int32_t instance;
  int32_t lane;
};

}  // namespace

std::vector<double> output_spikes(std::span<const float> v) {
  std::vector<double> times;
  for (size_t i = 1; i + 1 < v.size(); ++i)
    if (v[i] > -25 && v[i] > v[i - 1] && v[i] >= v[i + 1])
      times.push_back(static_cast<double>(i) * kSample_ms);
  return times;
}

template <class T>
struct CableSimulator<T>::State {
  const DetailedCell& cell;
  CableSpec spec;
  CableKernels<T> kernels = cable_kernels<T>();
  size_t L = kernels.lanes;
  size_t nodes = cell.geometry.nodes.size(), blocks = (nodes + kBlockNodes - 1) / kBlockNodes;
  std::vector<int32_t> parent;
  std::vector<T> to_parent, from_parent, diagonal;
  Aligned<T> v, rhs, d;
  std::map<std::string, Aligned<T>> ion_arrays;  // "cai": [node][lane]
  std::vector<int32_t> calcium_nodes;
  std::vector<int64_t> calcium_blocks;
  std::vector<Group<T>> groups;

  State(const DetailedCell& the_cell, const CableSpec& the_spec)
      : cell(the_cell), spec(the_spec), v(nodes * L), rhs(nodes * L), d(nodes * L) {
    if (!(spec.dt_ms > 0) || spec.dt_ms > kSample_ms)
      fail_input("a time step of {} ms; expected more than 0, at most {}", spec.dt_ms, kSample_ms);
    make_tree();
    for (const auto& placement : cell.placements) groups.push_back(make_group(placement));
    make_calcium();
  }

  double area_um2(size_t node) const {
    const int c = cell.geometry.nodes[node].compartment;
    return c < 0 ? 100
                 : cell.geometry.compartments[static_cast<size_t>(c)]
                       .area_um2;  // 100: any; a point without membrane has no area
  }

  void make_tree() {
    const double half = spec.scheme == Scheme::crank_nicolson ? 2 : 1;
    std::vector<double> diag(nodes);
    for (size_t i = 0; i < nodes; ++i) {
      const auto& node = cell.geometry.nodes[i];
      parent.push_back(node.parent);
      const double g = node.axial_conductance_uS;
      // uS over um2 is 100 S/cm2.
      to_parent.push_back(
          static_cast<T>(node.parent < 0 ? 0 : 100 * g / area_um2(static_cast<size_t>(node.parent))));
      from_parent.push_back(static_cast<T>(node.parent < 0 ? 0 : 100 * g / area_um2(i)));
      if (node.parent >= 0) {
        diag[i] += 100 * g / area_um2(i);
        diag[static_cast<size_t>(node.parent)] += 100 * g / area_um2(static_cast<size_t>(node.parent));
      }
      if (node.compartment >= 0)
        diag[i] += half * 1e-3 * cell.capacitance_uF_cm2[static_cast<size_t>(node.compartment)] / spec.dt_ms;
    }
    diagonal.assign(diag.begin(), diag.end());
  }

  static const Kernels<T>& kernels_of(const MechanismKernels& all) {
    if constexpr (sizeof(T) == 4)
      return all.in_float;
    else
      return all.in_double;
  }

  /// The values of all symbols of an instance that are fixed during the simulation, and of v and the ions at
  /// its start.
  std::map<Expr, double> symbols(const Placement& p, size_t instance) const {
    const auto& m = p.mechanism();
    const auto c = static_cast<size_t>(p.compartments[instance]);
    const auto& compartment = cell.geometry.compartments[c];
    std::map<Expr, double> values;
    const auto set = [&](const std::string& name, double value) {
      if (const Expr e = m.symbol(name); e >= 0) values[e] = value;
    };
    set("dt", spec.dt_ms);
    set("celsius", cell.celsius);
    set("diam", compartment.diameter_um);
    set("area", compartment.area_um2);
    set("scale", m.point_process ? 100 / compartment.area_um2 : 1);
    set("v", cell.initial_mV);
    set("t", 0);
    for (size_t k = 0; k < m.parameters.size(); ++k) set(m.parameters[k].name, p.parameters[instance][k]);
    for (const auto& ion : m.ions) set(ion.name, ion_value(ion, m));
    for (const auto& name : m.stored) set(name, 0);
    return values;
  }

  double ion_value(const IonVariable& ion, const Mechanism& m) const {
    if (ion.quantity == IonQuantity::current) return 0;
    if (ion.ion == "ca") {
      if (ion.quantity == IonQuantity::inside_mM) return cell.calcium_inside_mM;
      if (ion.quantity == IonQuantity::outside_mM) return cell.calcium_outside_mM;
      return nernst_factor_mV() * std::log(cell.calcium_outside_mM / cell.calcium_inside_mM);
    }
    const auto it = cell.fixed_ions.find(ion.name);
    if (it == cell.fixed_ions.end())
      fail_input("{}: reads {}, which the cell does not say", m.path, ion.name);
    return it->second;
  }

  /// RT/2F in mV, with the constants of NEURON >= 8.
  double nernst_factor_mV() const {
    return 1000 * 8.31446261815324 * (273.15 + cell.celsius) / (2 * 96485.33212331001);
  }

  Group<T> make_group(const Placement& placement) {
    const auto& m = placement.mechanism();
    Group<T> group;
    group.placement = &placement;
    group.kernels = kernels_of(placement.loaded->kernels);
    // In the order of the nodes.
    for (const int c : placement.compartments)
      group.node.push_back(cell.geometry.node_of[static_cast<size_t>(c)]);
    if (!std::is_sorted(group.node.begin(), group.node.end()))
      fail_run("{}: compartments out of order", m.name);
    group.block_start = starts(group.node);
    const size_t n = group.node.size(), stored = m.stored.size();
    group.stored = Aligned<T>(n * stored * L);
    for (const auto* ion : neurontwin::ion_arrays(m)) {
      auto& array = ion_arrays[ion->name];
      if (array.size() == 0) array = Aligned<T>(nodes * L);
      group.ions.push_back(array.data());
      const bool current = ion->quantity == IonQuantity::current;
      auto& slope = ion_arrays["slope of " + ion->name];
      if (current && slope.size() == 0) slope = Aligned<T>(nodes * L);
      group.ion_slopes.push_back(current ? slope.data() : nullptr);
    }
    std::vector<Expr> event;
    const Expr weight = m.receiving ? m.symbol(m.receiving->arguments.at(0)) : -1;
    Graph graph = m.graph;  // taking derivatives adds nodes
    for (size_t s = 0; m.receiving && s < stored; ++s) {
      const Expr change = graph.subtract(m.receiving->stored[s], m.symbol(m.stored[s]));
      const Expr slope = graph.derivative(change, weight);
      event.push_back(slope);
      if (graph.node(slope).varying ||
          !graph.is_constant(graph.substitute(change, {{weight, graph.constant(0)}}), 0)) {
        fail_input(
            "{}: its NET_RECEIVE does more than add a multiple of the weight to its states, which cannot be "
            "simulated here",
            m.path);
      }
    }
    for (size_t i = 0; i < n; ++i) {
      const auto values = symbols(placement, i);
      const auto evaluate = [&](Expr e) { return graph.evaluate(e, values); };
      for (const Expr e : placement.loaded->layout.current)
        group.fixed_current.push_back(static_cast<T>(evaluate(e)));
      for (const Expr e : placement.loaded->layout.advance)
        group.fixed_advance.push_back(static_cast<T>(evaluate(e)));
      for (size_t s = 0; s < stored; ++s) {
        group.initial.push_back(evaluate(m.initial[s]));
        if (m.receiving) {
          // States live half a step after the event: what it added has decayed so long.
          const double decayed = spec.scheme == Scheme::crank_nicolson ? evaluate(m.half_step_decay[s]) : 1;
          group.event.push_back(static_cast<T>(evaluate(event[s]) * decayed));
        }
      }
    }
    return group;
  }

  std::vector<int64_t> starts(const std::vector<int32_t>& node) const {
    std::vector<int64_t> all;
    for (size_t b = 0; b <= blocks; ++b)
      all.push_back(std::lower_bound(node.begin(), node.end(), static_cast<int32_t>(b * kBlockNodes)) -
                    node.begin());
    return all;
  }

  void make_calcium() {
    std::vector<int32_t> all;
    for (const auto& group : groups)
      if (!group.ions.empty()) all.insert(all.end(), group.node.begin(), group.node.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    calcium_nodes = all;
    calcium_blocks = starts(calcium_nodes);
    for (const auto* name : {"eca", "cai", "ica", "slope of ica"})
      if (ion_arrays[name].size() == 0) ion_arrays[name] = Aligned<T>(nodes * L);
  }

  void start() {
    std::fill_n(v.data(), v.size(), static_cast<T>(cell.initial_mV));
    auto& cai = ion_arrays["cai"];
    std::fill_n(cai.data(), cai.size(), static_cast<T>(cell.calcium_inside_mM));
    for (auto& group : groups) {
      const size_t stored = group.placement->mechanism().stored.size();
      for (size_t k = 0; k < group.node.size() * stored; ++k)
        std::fill_n(group.stored.data() + k * L, L, static_cast<T>(group.initial[k]));
    }
  }

  std::vector<Event> events_of(std::span<const SynapticInput> inputs) const {
    std::vector<Event> events;
    for (size_t lane = 0; lane < inputs.size(); ++lane) {
      const auto add = [&](const Events& list, const SynapseGroup& synapses) {
        const auto& group = groups[synapses.placement];
        for (size_t k = 0; k < list.time_ms.size(); ++k) {
          const auto instance = static_cast<size_t>(list.synapse[k]);
          if (instance >= group.node.size())
            fail_input("an input spike of {} synapse {}; there are {}", synapses.name, instance,
                       group.node.size());
          const auto step =
              static_cast<int32_t>(std::llround(static_cast<double>(list.time_ms[k]) / spec.dt_ms));
          events.push_back({step, group.node[instance] / kBlockNodes,
                            static_cast<int32_t>(synapses.placement), static_cast<int32_t>(instance),
                            static_cast<int32_t>(lane)});
        }
      };
      add(inputs[lane].excitatory, cell.excitatory);
      add(inputs[lane].inhibitory, cell.inhibitory);
    }
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
      return std::pair(a.step, a.block) < std::pair(b.step, b.block);
    });
    return events;
  }

  KernelArguments<T> arguments(Group<T>& group, size_t block, const std::vector<T>& fixed) {
    return {group.block_start[block],
            group.block_start[block + 1],
            group.node.data(),
            fixed.data(),
            group.stored.data(),
            v.data(),
            rhs.data(),
            d.data(),
            group.ions.data(),
            group.ion_slopes.data()};
  }

  void advance(size_t block) {
    for (auto& group : groups)
      if (group.kernels.advance && group.block_start[block] < group.block_start[block + 1])
        group.kernels.advance(arguments(group, block, group.fixed_advance));
  }

  void deliver(const Event& event) {
    auto& group = groups[static_cast<size_t>(event.group)];
    const size_t stored = group.placement->mechanism().stored.size(),
                 at = static_cast<size_t>(event.instance) * stored;
    for (size_t s = 0; s < stored; ++s)
      group.stored[(at + s) * L + static_cast<size_t>(event.lane)] += group.event[at + s];
  }

  void currents(size_t block) {
    const auto first = static_cast<int64_t>(block * kBlockNodes),
               last = std::min(first + kBlockNodes, static_cast<int64_t>(nodes));
    kernels.reset(rhs.data(), d.data(), diagonal.data(), first, last);
    for (const auto* name : {"ica", "slope of ica"})
      kernels.clear(ion_arrays[name].data(), calcium_nodes.data(), calcium_blocks[block],
                    calcium_blocks[block + 1]);
    kernels.nernst(ion_arrays["eca"].data(), ion_arrays["cai"].data(), calcium_nodes.data(),
                   calcium_blocks[block], calcium_blocks[block + 1], static_cast<T>(nernst_factor_mV()),
                   static_cast<T>(cell.calcium_outside_mM));
    for (auto& group : groups)
      if (group.kernels.current && group.block_start[block] < group.block_start[block + 1])
        group.kernels.current(arguments(group, block, group.fixed_current));
  }

  std::vector<Recording> run(std::span<const SynapticInput> inputs, int64_t duration_ms) {
    const FlushSubnormals flush;
    start();
    const auto events = events_of(inputs);
    const auto steps = static_cast<int64_t>(std::ceil(static_cast<double>(duration_ms) / spec.dt_ms - 1e-9));
    std::vector<Recording> recordings(inputs.size());
    Recorder recorder(*this, recordings, duration_ms);
    recorder.first();
    size_t next = 0;
    CableArguments<T> tree{static_cast<int64_t>(nodes),
                           parent.data(),
                           to_parent.data(),
                           from_parent.data(),
                           v.data(),
                           rhs.data(),
                           d.data(),
                           static_cast<T>(spec.scheme == Scheme::crank_nicolson ? 2 : 1)};
    for (int64_t step = 0; step < steps; ++step) {
      for (size_t block = 0; block < blocks; ++block) {
        if (step > 0) advance(block);
        for (; next < events.size() && events[next].step == step &&
               events[next].block == static_cast<int32_t>(block);
             ++next)
          deliver(events[next]);
        currents(block);
      }
      recorder.before_step();
      kernels.solve(tree);
      if (spec.scheme == Scheme::crank_nicolson) {
        // Calcium is carried from one end of the step to the other by its current in the middle.
        kernels.follow(ion_arrays["ica"].data(), ion_arrays["slope of ica"].data(), rhs.data(),
                       calcium_nodes.data(), static_cast<int64_t>(calcium_nodes.size()));
      }
      recorder.after_step(static_cast<double>(step + 1) * spec.dt_ms);
    }
    for (auto& recording : recordings) recording.spike_times_ms = output_spikes(recording.soma_mV);
    return recordings;
  }

  /// Samples voltages at multiples of 1/8 ms, between steps by a straight line.
  class Recorder {
   public:
    Recorder(State& state, std::vector<Recording>& into, int64_t duration_ms)
        : s_(state), into_(into), duration_ms_(duration_ms) {
      watched_.push_back(static_cast<size_t>(s_.cell.geometry.node_of[0]));
      if (s_.cell.nexus)
        watched_.push_back(
            static_cast<size_t>(s_.cell.geometry.node_of[static_cast<size_t>(*s_.cell.nexus)]));
      compartments_ = s_.cell.geometry.compartments.size();
      for (auto& r : into_) {
        if (s_.spec.dendrites) r.dendrites_mV.resize(compartments_ * static_cast<size_t>(duration_ms));
      }
      before_.resize(watched_.size() * s_.L);
    }
    void first() {
      keep();
      take(1);
      dendrites(0);
      sample_ = 1;
    }
    void before_step() { keep(); }
    void after_step(double t_ms) {
      const double tiny = 1e-9;
      while (static_cast<double>(sample_) * kSample_ms <= t_ms + tiny && sample_ < duration_ms_ * 8) {
        const double behind = (t_ms - static_cast<double>(sample_) * kSample_ms) / s_.spec.dt_ms;
        take(static_cast<T>(1 - (behind > tiny ? behind : 0)));
        if (sample_ % 8 == 0) dendrites(sample_ / 8);
        ++sample_;
      }
    }

   private:
    void keep() {
      for (size_t w = 0; w < watched_.size(); ++w)
        std::copy_n(s_.v.data() + watched_[w] * s_.L, s_.L, before_.data() + w * s_.L);
    }
    void take(T weight) {
      for (size_t lane = 0; lane < into_.size(); ++lane) {
        const auto at = [&](size_t w) {
          const T a = before_[w * s_.L + lane], b = s_.v[watched_[w] * s_.L + lane];
          return static_cast<float>(weight == 1 ? b : a + weight * (b - a));
        };
        into_[lane].soma_mV.push_back(at(0));
        if (watched_.size() > 1) into_[lane].nexus_mV.push_back(at(1));
      }
    }
    void dendrites(int64_t ms) {
      if (!s_.spec.dendrites) return;
      for (size_t c = 0; c < compartments_; ++c) {
        const auto node = static_cast<size_t>(s_.cell.geometry.node_of[c]);
        for (size_t lane = 0; lane < into_.size(); ++lane)
          into_[lane].dendrites_mV[c * static_cast<size_t>(duration_ms_) + static_cast<size_t>(ms)] =
              static_cast<float>(s_.v[node * s_.L + lane]);
      }
    }

    State& s_;
    std::vector<Recording>& into_;
    int64_t duration_ms_, sample_ = 0;
    std::vector<size_t> watched_;
    std::vector<T> before_;
    size_t compartments_ = 0;
  };
};

template <class T>
CableSimulator<T>::CableSimulator(const DetailedCell& cell, const CableSpec& spec)
    : state_(std::make_unique<State>(cell, spec)) {}
template <class T>
CableSimulator<T>::~CableSimulator() = default;
template <class T>
size_t CableSimulator<T>::lanes() const {
  return state_->L;
}
template <class T>
std::vector<Recording> CableSimulator<T>::run(std::span<const SynapticInput> inputs, int64_t duration_ms) {
  if (inputs.size() > lanes()) fail_run("{} trials at once; at most {}", inputs.size(), lanes());
  return state_->run(inputs, duration_ms);
}

template class CableSimulator<float>;
template class CableSimulator<double>;

}  // namespace neurontwin
