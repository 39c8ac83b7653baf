#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "front_door/models.hpp"
#include "ranks/require_same.hpp"

namespace neurontwin {
namespace {

/// That this process may use: a launcher may have bound it to some.
int cores_allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

Ranks::Ranks() : model_(std::make_shared<const Model>(Model{nt::ranks::joined()})) {}

int Ranks::rank() const {
  return model_->ranks->rank();
}

int Ranks::size() const {
  return model_->ranks->size();
}

std::string Ranks::host() {
  return nt::ranks::host_name();
}

int Ranks::threads() const {
  if (size() == 1) return threads_or_cores(0);
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return std::max(1, std::min(cores_allowed(), cores / model_->ranks->on_this_host()));
}

void Ranks::require_same(const std::string& what, const std::string& value, const std::string& advice) const {
  nt::ranks::require_same(*model_->ranks, what, value, advice);
}

std::optional<std::vector<int>> Ranks::leave(int code) const {
  return model_->ranks->leave(code);
}

void Ranks::abort(int code) const {
  model_->ranks->abort(code);
  std::_Exit(code);
}

}  // namespace neurontwin
