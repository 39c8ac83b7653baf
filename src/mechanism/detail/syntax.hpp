#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nt::mechanism::nmodl {

/// A piece of NMODL text.
struct Token {
  enum class Kind { name, number, text, symbol, end };
  Kind kind = Kind::end;
  std::string text;  // a symbol's: one of + - * / ^ ( ) { } [ ] , = ' ~ < > <= >= == != && || ! <-> << -> and
                     // newline-free
  double number = 0;
  int line = 0;
};

/// An expression as written.
struct Term {
  enum class Kind { number, name, call, negate, nay, binary };
  Kind kind = Kind::number;
  std::string text;  // the name, the function or the operator
  double number = 0;
  int line = 0;
  std::vector<Term> parts;
};

/// A statement as written.
struct Statement {
  enum class Kind { assign, derivative, call, branch, solve, local, reaction, conserve, table };
  Kind kind = Kind::assign;
  int line = 0;
  std::string name;           // what is assigned, solved, called
  std::string method;         // of SOLVE; empty: none is given
  bool steady_state = false;  // SOLVE name STEADYSTATE method
  std::vector<Term> terms;    // value; arguments; condition; FROM, TO and WITH of a TABLE
  std::vector<Statement> then, otherwise;
  std::vector<std::string> names;  // LOCAL; what a TABLE holds
  std::vector<std::pair<double, std::string>> left,
      right;  // of a reaction: (how many, which); empty: << source; `left` of CONSERVE
};

/// BREAKPOINT, DERIVATIVE name, FUNCTION name(arguments), ...
struct Block {
  std::string kind, name;
  std::vector<std::string> arguments, units;  // units: of each argument, as written; empty where none is
  std::vector<Statement> body;
  int line = 0;
};

struct Declaration {
  std::string name, unit;
  double value = 0;
  bool has_value = false;
  double start = 0;  // of a STATE
  int line = 0;
};

struct IonUse {
  std::string ion;
  std::vector<std::string> reads, writes;
  std::optional<double> valence;
  int line = 0;
};

/// A .mod file as written.
struct File {
  std::string path, title, name;
  bool point_process = false;
  std::vector<IonUse> ions;
  std::vector<std::string> nonspecific, electrode, range, global;
  std::vector<std::pair<std::string, double>> constants;  // from UNITS: FARADAY = (faraday) (coulomb)
  std::vector<std::string> notes;  // what a user should know of what was read, with its line
  std::vector<Declaration> parameters, assigned, states;
  std::vector<Block> blocks;

  const Block* block(std::string_view kind, std::string_view name = {}) const;
};

/// Splits NMODL text into tokens. InputError naming path:line.
std::vector<Token> split(std::string_view text, const std::string& path);

/// Reads the subset of NMODL that channels and synapses use. InputError naming path:line for what is wrong
/// and for what cannot be done here (VERBATIM, POINTER, ...).
File parse(std::string_view text, const std::string& path);

}  // namespace nt::mechanism::nmodl
