#pragma once
#include <string>
#include <vector>

#include "config/difference.hpp"
#include "dataset/shard.hpp"

namespace nt::dataset {

/// Whether one neuron and recipe made both.
bool same_maker(const DatasetIdentity& a, const DatasetIdentity& b);

/// Whether identity can be told at all: an older program did not write it.
bool is_known(const DatasetIdentity& identity);

/// What two configurations say otherwise.
std::vector<config::KeyDifference> differences_of(const DatasetIdentity& there, const DatasetIdentity& here);

/// Why the data there cannot stand for those that are asked for here.
std::string other_maker_words(const DatasetIdentity& there, const DatasetIdentity& here);

}  // namespace nt::dataset
