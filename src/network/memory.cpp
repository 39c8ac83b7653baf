#include "network/detail/memory.hpp"

#include <algorithm>
#include <cmath>

#include "config/error.hpp"
#include "files/free_space.hpp"

namespace nt::network {
namespace {

// Target, synapse, delay and weight of a contact (Connections).
constexpr double kContactBytes = 16;

double free_bytes() {
  return static_cast<double>(files::free_memory_bytes());
}

}  // namespace

double most_contacts() {
  return std::floor(free_bytes() / kContactBytes);
}

void require_contacts_fit(double contacts, const std::string& where, const std::string& whose) {
  const double free = free_bytes();
  if (contacts * kContactBytes <= free) return;
  fail_input(
      "{}: {} {:.4g} contacts, which take {} of memory, but {} are free; expected at most {:.4g} in all",
      where, whose, contacts, files::words_for_bytes(contacts * kContactBytes), files::words_for_bytes(free),
      std::floor(free / kContactBytes));
}

void require_neurons_fit(double neurons, double bytes_each, const std::string& where,
                         const std::string& population) {
  const double free = free_bytes();
  if (neurons * bytes_each <= free) return;
  fail_input(
      "{}: the {:.4g} neurons of '{}' take {} of memory, but {} are free; expected at most {:.4g} neurons",
      where, neurons, population, files::words_for_bytes(neurons * bytes_each), files::words_for_bytes(free),
      std::floor(free / std::max(1.0, bytes_each)));
}

}  // namespace nt::network
