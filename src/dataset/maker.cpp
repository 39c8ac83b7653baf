#include "dataset/maker.hpp"

namespace nt::dataset {

bool same_maker(const DatasetIdentity& a, const DatasetIdentity& b) {
  return a.neuron == b.neuron && a.recipe == b.recipe && a.configuration == b.configuration;
}

bool is_known(const DatasetIdentity& identity) {
  return !identity.neuron.empty() && !identity.recipe.empty();
}

std::vector<config::KeyDifference> differences_of(const DatasetIdentity& there, const DatasetIdentity& here) {
  return config::differences(config::values_by_key(there.configuration),
                             config::values_by_key(here.configuration));
}

std::string other_maker_words(const DatasetIdentity& there, const DatasetIdentity& here) {
  if (is_known(here) && !is_known(there))
    return "was made by an older neurontwin, which did not keep what it was made from; 'neurontwin simulate' "
           "puts the data set aside and makes it again";
  const auto found = differences_of(there, here);
  return fmt::format(
      "was made by another configuration ({}); choose another --out, or remove the dataset folder",
      found.empty() ? "another neuron or recipe" : words_for(found));
}

}  // namespace nt::dataset
