#pragma once
#include <string>

namespace nt::network {

/// Contacts that the memory that is free has room for.
double most_contacts();
/// InputError at `where` unless so many contacts fit into the memory that is free. `whose`: in words, what
/// makes them.
void require_contacts_fit(double contacts, const std::string& where, const std::string& whose);

/// The same of a population's neurons, which take so many bytes each.
void require_neurons_fit(double neurons, double bytes_each, const std::string& where,
                         const std::string& population);

}  // namespace nt::network
