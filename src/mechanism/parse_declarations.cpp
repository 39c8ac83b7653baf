#include <algorithm>
#include <cmath>

#include "config/error.hpp"
#include "mechanism/detail/parser.hpp"

namespace nt::mechanism::nmodl {

std::optional<int> Parser::size_of(const std::string& array) {
  if (!is("[")) return {};
  const int line = take().line;
  double size = 0;
  if (now().kind == Token::Kind::number) {
    size = take().number;
  } else {
    const auto constant = name("how many elements an array has");
    const auto known = std::find_if(file_.constants.begin(), file_.constants.end(),
                                    [&](const auto& c) { return c.first == constant; });
    if (known == file_.constants.end())
      refuse(line, fmt::format("'{}[{}]': there is no DEFINE {}", array, constant, constant));
    size = known->second;
  }
  expect("]");
  if (!(size >= 1 && size <= kMostElements && size == std::floor(size)))
    refuse(line, fmt::format("'{}' has {} elements; expected a whole number from 1 to {}", array, size,
                             kMostElements));
  return static_cast<int>(size);
}

/// name [= value] [(unit)] [limits]; name[N] for an array
void Parser::declarations(std::vector<Declaration>& into) {
  expect("{");
  while (!accept("}")) {
    if (accept("UNITSOFF") || accept("UNITSON")) continue;
    if (accept("VERBATIM")) {
      take();
      continue;
    }
    Declaration d;
    d.line = now().line;
    d.name = name("a name");
    const auto size = size_of(d.name);
    if (accept("=")) {
      d.value = number();
      d.has_value = true;
    }
    d.unit = unit();
    limits();
    if (accept("START")) start(d);
    limits();
    if (!size) {
      into.push_back(d);
      continue;
    }
    const auto array = d.name;
    file_.arrays[array] = *size;
    for (int i = 0; i < *size; ++i) {
      d.name = element_name(array, i);
      into.push_back(d);
    }
  }
}

/// START value: that of the parameter x0 of a state x, too, unless a PARAMETER that comes later gives it
/// another.
void Parser::start(Declaration& state) {
  state.start = number();
  for (auto& parameter : file_.parameters) {
    if (parameter.name == fmt::format("{}0", array_of(state.name))) parameter.value = state.start;
  }
}

/// <low, high>, <tolerance> and FROM low TO high change nothing here, as in NEURON's fixed step.
void Parser::limits() {
  for (;;) {
    if (accept("<")) {
      number();
      if (accept(",")) number();
      expect(">");
    } else if (accept("FROM")) {
      number();
      expect("TO");
      number();
    } else {
      return;
    }
  }
}

/// LOCAL outside of blocks: variables of the file, as if they were ASSIGNED and GLOBAL.
void Parser::file_locals(int line) {
  do {
    Declaration d;
    d.line = line;
    const auto local = name("a name");
    const auto size = size_of(local);
    file_.global.push_back(local);
    file_.locals.push_back(local);
    if (size) file_.arrays[local] = *size;
    for (int i = 0; i < size.value_or(1); ++i) {
      d.name = size ? element_name(local, i) : local;
      file_.assigned.push_back(d);
    }
  } while (accept(","));
}

}  // namespace nt::mechanism::nmodl
