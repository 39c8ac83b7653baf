#include "simulate/detail/step_program.hpp"

#include <algorithm>

namespace nt::simulate {
namespace {

using device_code::Op;
using device_code::OpKind;

class Maker {
 public:
  Maker(const CablePlan<float>& plan, const TileLayout& layout) : plan_(plan), layout_(layout) {
    int32_t groups = 0, queues = 0;
    for (const auto& zone : plan.zones) {
      all_.first_group.push_back(groups);
      all_.first_queue.push_back(queues);
      groups += static_cast<int32_t>(zone.groups.size());
      queues += static_cast<int32_t>(zone.blocks());
      diagonal_.push_back(pool(zone.diagonal));
      for (const auto& level : zone.levels)
        all_.cycle = std::max(all_.cycle, static_cast<int32_t>(level.stride));
      auto& ions = ions_.emplace_back();
      for (const auto& ion : zone.ions) ions.push_back({list(ion.nodes), list(ion.changing_nodes)});
    }
    coupling_ = pool(plan.coupling);
    on_root_ = list(plan.on_root);
  }

  StepProgram make() {
    for (int32_t p = 0; p <= all_.cycle; ++p) {
      all_.programs.push_back(static_cast<int32_t>(all_.sections.size()));
      step(p == 0 ? 0 : p == 1 ? all_.cycle : p - 1);
    }
    all_.programs.push_back(static_cast<int32_t>(all_.sections.size()));
    return std::move(all_);
  }

 private:
  struct IonLists {
    int32_t nodes, changing;
  };

  int32_t pool(const std::vector<float>& values) {
    all_.diagonal.insert(all_.diagonal.end(), values.begin(), values.end());
    return static_cast<int32_t>(all_.diagonal.size() - values.size());
  }
  int32_t list(const std::vector<int32_t>& values) {
    all_.integers.insert(all_.integers.end(), values.begin(), values.end());
    return static_cast<int32_t>(all_.integers.size() - values.size());
  }
  void add(const Op& op) { all_.ops.push_back(op); }
  int32_t ops() const { return static_cast<int32_t>(all_.ops.size()); }
  /// A list of what `make` adds.
  template <class Make>
  void add_list(Make&& make) {
    const int32_t first = ops();
    make();
    if (ops() > first) all_.lists.push_back({first, ops()});
  }
  template <class Make>
  void section(Make&& make) {
    const auto first = static_cast<int32_t>(all_.lists.size());
    make();
    const auto last = static_cast<int32_t>(all_.lists.size());
    if (last > first) all_.sections.push_back({first, last});
  }
  template <class Make>
  void serial(Make&& make) {
    section([&] { add_list(make); });
  }
  static int32_t number(int64_t n) { return static_cast<int32_t>(n); }
  int32_t array(size_t number) const { return layout_.arrays[number]; }

  /// As advance().
  void step(int64_t step) {
    const size_t rest = plan_.zones.size() - 1;
    const int32_t root = plan_.root_nodes(), nodes = plan_.tree.nodes();
    serial([&] { add({.kind = OpKind::before_step, .a = number(static_cast<int64_t>(rest))}); });
    section([&] { evaluate(rest, step, 1, 0); });
    serial([&] {
      add({.kind = OpKind::zero, .last = root, .a = layout_.rhs});
      add({.kind = OpKind::zero, .last = root, .a = layout_.d});
      add({.kind = OpKind::eliminate, .first = root, .last = nodes});
      if (root > 0)
        add({.kind = OpKind::take_drive,
             .last = number(std::ssize(plan_.on_root)),
             .a = coupling_,
             .d = root,
             .list = on_root_});
    });
    if (root > 0) small_steps(step, root);
    serial([&] {
      if (root > 0) add({.kind = OpKind::half_way, .last = root});
      add({.kind = OpKind::substitute, .first = root, .last = nodes});
      follow_currents(rest);
      add({.kind = OpKind::after_step, .a = number(static_cast<int64_t>(rest)), .b = 1, .c = 1});
    });
  }

  /// As advance_root().
  void small_steps(int64_t step, int32_t root) {
    const int32_t steps = number(plan_.root_steps());
    for (int32_t small = 0; small < steps; ++small) {
      serial([&] { add({.kind = OpKind::before_step, .a = 0}); });
      section([&] { evaluate(0, step, steps, small); });
      serial([&] {
        const double progress = (static_cast<double>(small) + 0.5) / static_cast<double>(steps);
        add({.kind = OpKind::drive, .last = root, .x = static_cast<float>(progress)});
        add({.kind = OpKind::eliminate, .last = root});
        add({.kind = OpKind::substitute, .last = root});
        follow_currents(0);
        add({.kind = OpKind::after_step, .a = 0, .b = steps, .c = small + 1});
      });
    }
  }

  /// As evaluate_mechanisms(), in the zone's step number steps x step + small; the blocks of nodes side by
  /// side.
  void evaluate(size_t z, int64_t step, int32_t steps, int32_t small) {
    const auto& zone = plan_.zones[z];
    const int64_t own_step = step * steps + small;
    const float start_ms = static_cast<float>(static_cast<double>(small) * zone.dt_ms);
    for (size_t block = 0; block < zone.blocks(); ++block) {
      add_list([&] {
        for (size_t l = zone.levels.size(); l-- > 0;)
          if (own_step % zone.levels[l].stride == 0)
            update(z, l, own_step > 0, steps, small, block, start_ms);
        for (size_t k = 0; k < plan_.ions.size(); ++k) {
          const int64_t wait = zone.levels[zone.ions[k].level].stride;
          if (plan_.ions[k].current && wait > 1 && own_step % wait == wait / 2)
            gather(z, k, zone.ions[k].blocks[block], zone.ions[k].blocks[block + 1]);
        }
      });
    }
  }

  void update(size_t z, size_t l, bool advances, int32_t steps, int32_t small, size_t block, float start_ms) {
    const auto& zone = plan_.zones[z];
    const auto& level = zone.levels[l];
    if (advances)
      for (const auto& [g, part] : level.advancing)
        add_kernel(z, g, number(static_cast<int64_t>(part)) + 1, block, -1, -1, start_ms);
    update_reversal_potentials(z, l, block);
    if (l > 0 && level.conducting.empty()) return;
    if (l == 0)
      add({.kind = OpKind::deliver,
           .a = all_.first_queue[z] + number(static_cast<int64_t>(block)),
           .b = steps,
           .c = small});
    begin_sums(z, l, block);
    const auto& to = layout_.zones[z].levels[l];
    for (const size_t g : level.conducting)
      if (zone.groups[g].kernels.current)
        add_kernel(z, g, 0, block, to.rhs, to.d, start_ms + static_cast<float>(zone.dt_ms / 2));
    if (l > 0) hold(z, l, block);
  }

  void add_kernel(size_t z, size_t g, int32_t which, size_t block, int32_t rhs, int32_t d, float t_ms) {
    const auto& group = plan_.zones[z].groups[g];
    if (group.is_in(block))
      add({.kind = OpKind::mechanism,
           .first = number(group.block_start[block]),
           .last = number(group.block_start[block + 1]),
           .a = all_.first_group[z] + number(static_cast<int64_t>(g)),
           .b = which,
           .c = rhs,
           .d = d,
           .x = t_ms});
  }

  void update_reversal_potentials(size_t z, size_t l, size_t block) {
    for (size_t k = 0; k < plan_.ions.size(); ++k) {
      const auto& ion = plan_.ions[k];
      const auto& here = plan_.zones[z].ions[k];
      if (l != here.level || here.changing_blocks[block] == here.changing_blocks[block + 1]) continue;
      add({.kind = OpKind::nernst,
           .first = number(here.changing_blocks[block]),
           .last = number(here.changing_blocks[block + 1]),
           .a = array(ion.reversal),
           .b = array(ion.inside),
           .c = array(ion.outside),
           .list = ions_[z][k].changing,
           .x = static_cast<float>(ion.nernst_mV)});
    }
  }

  /// The next slower level that has currents; null: there is none.
  const TileLayout::Level* below(size_t z, size_t l) const {
    for (size_t slower = l + 1; slower < plan_.zones[z].levels.size(); ++slower)
      if (!plan_.zones[z].levels[slower].conducting.empty()) return &layout_.zones[z].levels[slower];
    return nullptr;
  }
  /// An operation on a block's nodes.
  Op on_nodes(size_t z, OpKind kind, size_t block) const {
    const auto& zone = plan_.zones[z];
    const int32_t first = zone.first_node + number(static_cast<int64_t>(block)) * kBlockNodes;
    return {.kind = kind, .first = first, .last = std::min(first + kBlockNodes, zone.last_node)};
  }

  void begin_sums(size_t z, size_t l, size_t block) {
    const auto& to = layout_.zones[z].levels[l];
    const auto* slower = below(z, l);
    const auto sums = [&](OpKind kind, int32_t c, int32_t d) {
      auto op = on_nodes(z, kind, block);
      op.a = to.rhs, op.b = to.d, op.c = c, op.d = d, op.list = diagonal_[z];
      add(op);
    };
    if (slower == nullptr) {
      sums(OpKind::reset, -1, -1);
    } else if (l == 0) {
      sums(OpKind::resume, slower->rhs, slower->d);
    } else {
      auto zero = on_nodes(z, OpKind::zero, block), copy = on_nodes(z, OpKind::copy, block);
      zero.a = to.rhs;
      copy.a = to.d, copy.b = slower->d;
      add(zero);
      add(copy);
    }
    for (const auto& sum : plan_.zones[z].levels[l].sums)
      on_ion(z, sum.ion, block, {.kind = OpKind::clear, .a = array(sum.current), .b = array(sum.slope)});
  }
  void on_ion(size_t z, size_t ion, size_t block, Op op) {
    const auto& here = plan_.zones[z].ions[ion];
    op.first = number(here.blocks[block]), op.last = number(here.blocks[block + 1]);
    op.list = ions_[z][ion].nodes;
    if (op.first < op.last) add(op);
  }

  void hold(size_t z, size_t l, size_t block) {
    const auto& of = layout_.zones[z].levels[l];
    const auto* slower = below(z, l);
    auto op = on_nodes(z, OpKind::hold, block);
    op.a = of.rhs, op.b = of.d, op.list = diagonal_[z];
    if (slower != nullptr) op.c = slower->rhs, op.d = slower->d;
    add(op);
    for (const auto& sum : plan_.zones[z].levels[l].sums)
      on_ion(
          z, sum.ion, block,
          {.kind = OpKind::follow, .a = array(sum.current), .b = array(sum.slope), .c = layout_.v, .x = -1});
  }

  void gather(size_t z, size_t k, int64_t first, int64_t last) {
    const auto& ion = plan_.ions[k];
    const auto& zone = plan_.zones[z];
    Op op{.kind = OpKind::clear, .first = number(first), .last = number(last), .a = array(*ion.current)};
    op.list = ions_[z][k].nodes;
    add(op);
    op.kind = OpKind::gather;
    for (size_t l = 0; l < zone.levels.size(); ++l) {
      for (const auto& sum : zone.levels[l].sums) {
        if (sum.ion != k) continue;
        op.b = array(sum.current), op.c = l > 0 ? array(sum.slope) : -1;
        add(op);
      }
    }
  }

  /// As follow_ion_currents().
  void follow_currents(size_t z) {
    const auto& zone = plan_.zones[z];
    for (size_t k = 0; k < plan_.ions.size(); ++k) {
      const auto& ion = plan_.ions[k];
      if (!ion.current || zone.levels[zone.ions[k].level].stride > 1) continue;
      const auto last = std::ssize(zone.ions[k].nodes);
      gather(z, k, 0, last);
      if (plan_.spec.scheme == Scheme::backward_euler) continue;
      for (size_t l = 0; l < zone.levels.size(); ++l)
        for (const auto& sum : zone.levels[l].sums)
          if (sum.ion == k)
            add({.kind = OpKind::follow,
                 .last = number(last),
                 .a = array(*ion.current),
                 .b = array(sum.slope),
                 .c = layout_.rhs,
                 .list = ions_[z][k].nodes,
                 .x = l == 0 ? 1.0f : -1.0f});
    }
  }

  const CablePlan<float>& plan_;
  const TileLayout& layout_;
  StepProgram all_;
  std::vector<int32_t> diagonal_;            // of each zone
  std::vector<std::vector<IonLists>> ions_;  // of each zone
  int32_t coupling_ = 0, on_root_ = 0;
};

}  // namespace

StepProgram step_program(const CablePlan<float>& plan, const TileLayout& layout) {
  return Maker(plan, layout).make();
}

}  // namespace nt::simulate
