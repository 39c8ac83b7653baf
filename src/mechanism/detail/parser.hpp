#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mechanism/detail/syntax.hpp"
#include "mechanism/detail/units.hpp"

// Private to this room: parse is its face.
namespace nt::mechanism::nmodl {

/// Nesting deeper than this is refused rather than let to exhaust the stack.
inline constexpr int kDeepest = 1000;
/// More elements of an array than any model has.
inline constexpr double kMostElements = 10000;

/// Reads a file's tokens one after the other (parse_tokens.cpp). Its parts: blocks (parse_file.cpp),
/// declarations (parse_declarations.cpp), statements (parse_statements.cpp), expressions
/// (parse_expressions.cpp).
class Parser {
 public:
  Parser(std::string_view text, const std::string& path) : tokens_(split(text, path)) { file_.path = path; }

  File parse();

 private:
  const Token& now() const { return tokens_[at_]; }
  Token take();
  bool is(std::string_view text) const;
  bool accept(std::string_view text);
  [[noreturn]] void refuse(int line, const std::string& what) const;
  void expect(std::string_view text);
  std::string name(std::string_view what);
  double number();
  std::vector<std::string> names();
  /// "(mV)": a unit of a variable is the reader's business; nothing is converted. A space stands between two
  /// words.
  std::string unit();
  void skip_braces();

  // ---- the file
  void top_level();
  void neuron();
  void units();
  double ratio(const std::string& from, const std::string& to, const std::string& constant, int line);
  void declarations(std::vector<Declaration>& into);
  void start(Declaration& state);
  void limits();
  /// "[4]" behind a name: 4; without it nothing.
  std::optional<int> size_of(const std::string& array);
  void file_locals(int line);
  void ordered_block(const std::string& when, int line);
  void function_table(int line);
  void arguments_of(Block& b);
  void block(const std::string& kind, const std::string& named, int line);

  // ---- statements
  std::vector<Statement> statements(int depth);
  void statement(std::vector<Statement>& all, int depth);
  bool worded_statement(Statement& s, const std::string& word, int depth);
  void for_netcons(Statement& s, int depth);
  void assignment(Statement& s, const std::string& word, int depth);
  void locals(Statement& s);
  void conductance();
  Statement table(int line, int depth);
  Statement branch(int line, int depth);
  void from(Statement& s, int depth);
  void geometry(Statement& s, int depth);
  Place place(std::string_view what, int depth);
  std::vector<Reactant> side(int depth);
  void reaction(Statement& s, int depth);

  // ---- expressions; precedence as in C, ^ highest and to the right
  Term expression(int depth) { return chain(depth, 0); }
  Term chain(int depth, size_t level);
  Term signed_power(int depth);
  Term primary(int depth);
  std::vector<Term> arguments(int depth);

  std::vector<Token> tokens_;
  size_t at_ = 0;
  File file_;
  std::vector<Statement> conductances_;        // of the BREAKPOINT that is being read
  std::vector<std::string> stream_arguments_;  // of the NET_RECEIVE that is being read
  UnitDefinitions defined_units_;
  size_t watches_ = 0;  // so far
};

}  // namespace nt::mechanism::nmodl
