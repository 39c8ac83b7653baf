#include <utility>

#include "config/error.hpp"
#include "mechanism/detail/parser.hpp"

namespace nt::mechanism::nmodl {
namespace {

void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

File Parser::parse() {
  while (now().kind != Token::Kind::end) top_level();
  if (file_.name.empty())
    fail_input("{}: has no NEURON block with SUFFIX, POINT_PROCESS or ARTIFICIAL_CELL", file_.path);
  return std::move(file_);
}

void Parser::top_level() {
  const Token token = take();
  const auto& word = token.text;
  if (token.kind != Token::Kind::name) refuse(token.line, fmt::format("expected a block, found '{}'", word));
  if (word == "TITLE") {
    file_.title = take().text;
  } else if (word == "UNITSOFF" || word == "UNITSON" || word == "THREADSAFE") {
    // No units are converted either way.
  } else if (word == "VERBATIM") {
    file_.has_c = true;
    take();  // C declarations: of use to other C code only, which is refused where it is reached
  } else if (word == "INDEPENDENT" || word == "DESTRUCTOR" || word == "CONSTRUCTOR") {
    skip_braces();  // t; memory of C code
  } else if (word == "NEURON") {
    neuron();
  } else if (word == "UNITS") {
    units();
  } else if (word == "PARAMETER" || word == "CONSTANT") {
    declarations(file_.parameters);
  } else if (word == "ASSIGNED") {
    declarations(file_.assigned);
  } else if (word == "STATE") {
    declarations(file_.states);
  } else if (word == "LOCAL") {
    file_locals(token.line);
  } else if (word == "DEFINE") {
    const auto what = name("a name");
    file_.constants.emplace_back(what, number());
  } else if (word == "INITIAL" || word == "BREAKPOINT" || word == "NET_RECEIVE") {
    block(word, "", token.line);
  } else if (word == "BEFORE" || word == "AFTER") {
    ordered_block(word, token.line);
  } else if (word == "DERIVATIVE" || word == "KINETIC" || word == "PROCEDURE" || word == "FUNCTION" ||
             word == "LINEAR") {
    block(word, name("the block's name"), token.line);
  } else if (word == "FUNCTION_TABLE") {
    function_table(token.line);
  } else if (word == "NONLINEAR" || word == "DISCRETE" || word == "PARTIAL") {
    refuse(token.line, word + " blocks cannot be compiled here; use DERIVATIVE, KINETIC or LINEAR");
  } else if (word == "INCLUDE") {
    refuse(token.line, "INCLUDE cannot be compiled here; write the other file's text in its place");
  } else {
    refuse(token.line, fmt::format("unknown block '{}'", word));
  }
}

void Parser::neuron() {
  expect("{");
  while (!accept("}")) {
    const Token token = take();
    const auto& word = token.text;
    if (word == "SUFFIX" || word == "POINT_PROCESS" || word == "ARTIFICIAL_CELL") {
      file_.name = name("the mechanism's name");
      file_.point_process = word != "SUFFIX";
      file_.artificial_cell = word == "ARTIFICIAL_CELL";
    } else if (word == "USEION") {
      IonUse use;
      use.line = token.line;
      use.ion = name("an ion");
      if (accept("READ")) use.reads = names();
      if (accept("WRITE")) use.writes = names();
      if (accept("VALENCE") || accept("CHARGE")) {
        use.valence = number();
        unit();
      }
      if (accept("REPRESENTS")) {
        name("what the ion represents");
        if (accept(":")) name("its identifier");
      }
      file_.ions.push_back(use);
    } else if (word == "NONSPECIFIC_CURRENT") {
      append(file_.nonspecific, names());
    } else if (word == "ELECTRODE_CURRENT") {
      append(file_.electrode, names());
    } else if (word == "RANGE") {
      append(file_.range, names());
    } else if (word == "GLOBAL") {
      append(file_.global, names());
    } else if (word == "THREADSAFE") {
      file_.thread_safe = true;
    } else if (word == "POINTER" || word == "BBCOREPOINTER" || word == "EXTERNAL") {
      for (const auto& pointer : names()) file_.pointers.try_emplace(pointer, token.line);
    } else if (word == "RANDOM") {
      for (const auto& generator : names()) file_.generators.try_emplace(generator, token.line);
    } else if (word == "VERBATIM") {
      file_.has_c = true;
      take();
    } else {
      refuse(token.line, fmt::format("unknown word '{}' in the NEURON block", word));
    }
  }
}

/// UNITS { (mV) = (millivolt)  FARADAY = (faraday) (coulomb)  foot = (ft) -> (inch)  k = 3 (unit) }
void Parser::units() {
  expect("{");
  while (!accept("}")) {
    if (is("(")) {
      const auto defined = unit();
      expect("=");
      defined_units_.try_emplace(defined, unit());
      continue;
    }
    const int line = now().line;
    const auto constant = name("a unit or the name of a constant");
    if (constant == "UNITSOFF" || constant == "UNITSON") continue;
    expect("=");
    double value = 0;
    if (is("(")) {
      const auto from = unit();
      accept("->");
      value = ratio(from, unit(), constant, line);
    } else {
      value = number();
      unit();
    }
    file_.constants.emplace_back(constant, value);
  }
}

/// How many of the unit `to` a `from` is.
double Parser::ratio(const std::string& from, const std::string& to, const std::string& constant, int line) {
  try {
    const auto a = read_unit(from, defined_units_), b = read_unit(to, defined_units_);
    if (a.powers != b.powers) {
      file_.notes.push_back(
          fmt::format("{}:{}: {} converts ({}) to ({}), which measure different things; as in NEURON, it is "
                      "the quotient of their sizes in SI units",
                      file_.path, line, constant, from, to));
    }
    return a.size / b.size;
  } catch (const InputError& error) {
    refuse(line, fmt::format("{} = ({}) ({}): {}", constant, from, to, error.what()));
  }
}

/// BEFORE BREAKPOINT { ... }, AFTER SOLVE { ... }
void Parser::ordered_block(const std::string& when, int line) {
  const auto what = name("BREAKPOINT, SOLVE, INITIAL or STEP");
  if (what != "BREAKPOINT" && what != "SOLVE" && what != "INITIAL" && what != "STEP")
    refuse(line, fmt::format("{} {}: expected BREAKPOINT, SOLVE, INITIAL or STEP", when, what));
  if (what == (when == "AFTER" ? "BREAKPOINT" : "SOLVE"))
    refuse(line, fmt::format("{} {}: NEURON has no such time; it has BEFORE BREAKPOINT and AFTER SOLVE", when,
                             what));
  if (when == "AFTER" && what == "STEP")
    refuse(
        line,
        "AFTER STEP: NEURON does not load such a file; it has BEFORE STEP, which it executes at the end of "
        "each step");
  block(when, what, line);
}

/// FUNCTION_TABLE name(arguments) (unit): its numbers come from the user.
void Parser::function_table(int line) {
  Block b{"FUNCTION_TABLE", name("the function's name"), {}, {}, {}, line};
  if (accept("(")) arguments_of(b);
  file_.blocks.push_back(std::move(b));
}

/// argument (unit), ...) (unit)
void Parser::arguments_of(Block& b) {
  while (!accept(")")) {
    b.arguments.push_back(name("an argument"));
    b.units.push_back(unit());
    if (!is(")")) accept(",");
  }
  unit();
}

void Parser::block(const std::string& kind, const std::string& named, int line) {
  Block b{kind, named, {}, {}, {}, line};
  if (accept("(")) {
    arguments_of(b);
  } else if (kind == "FUNCTION" || kind == "PROCEDURE" || kind == "NET_RECEIVE") {
    refuse(line, fmt::format("{} {} has no list of arguments", kind, named));
  }
  if (kind == "LINEAR" || kind == "DERIVATIVE" || kind == "KINETIC")
    while (accept("SOLVEFOR")) names();
  if (accept("STEADYSTATE")) name("a method");
  if (kind == "NET_RECEIVE") stream_arguments_ = b.arguments;
  auto body = statements(0);
  if (!conductances_.empty() && kind != "BREAKPOINT")
    refuse(conductances_[0].line,
           fmt::format("CONDUCTANCE in {} {}; it belongs into BREAKPOINT", kind, named));
  for (auto& conductance : std::exchange(conductances_, {})) {
    file_.conductances.push_back(conductance.name);
    file_.assigned.push_back({.name = conductance.name, .unit = "", .line = line});
    body.push_back(std::move(conductance));
  }
  stream_arguments_.clear();
  for (auto& other : file_.blocks) {
    if (other.kind != kind || other.name != named) continue;
    if (kind == "INITIAL" || kind == "BEFORE" || kind == "AFTER") {  // one after the other, as in NEURON
      other.body.insert(other.body.end(), body.begin(), body.end());
      return;
    }
    refuse(line, fmt::format("a second {} {}; the first is in line {}", kind, named, other.line));
  }
  b.body = std::move(body);
  file_.blocks.push_back(std::move(b));
}

const Block* File::block(std::string_view kind, std::string_view named) const {
  for (const auto& b : blocks) {
    if (b.kind == kind && (named.empty() || b.name == named)) return &b;
  }
  return nullptr;
}

std::string element_name(std::string_view array, int index) {
  return fmt::format("{}[{}]", array, index);
}

std::string_view array_of(std::string_view name) {
  return name.substr(0, name.find('['));
}

File parse(std::string_view text, const std::string& path) {
  return Parser(text, path).parse();
}

}  // namespace nt::mechanism::nmodl
