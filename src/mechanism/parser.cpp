#include <algorithm>
#include <array>

#include "config/error.hpp"
#include "mechanism/detail/syntax.hpp"
#include "mechanism/detail/units.hpp"

namespace nt::mechanism::nmodl {
namespace {

/// Nesting deeper than this is refused rather than let to exhaust the stack.
constexpr int kDeepest = 1000;

class Parser {
 public:
  Parser(std::string_view text, const std::string& path) : tokens_(split(text, path)) { file_.path = path; }

  File parse() {
    while (now().kind != Token::Kind::end) top_level();
    if (file_.name.empty()) fail_input("{}: has no NEURON block with SUFFIX or POINT_PROCESS", file_.path);
    return std::move(file_);
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  const Token& after() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token take() {
    Token token = now();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool is(std::string_view text) const {
    return (now().kind == Token::Kind::symbol || now().kind == Token::Kind::name) && now().text == text;
  }
  bool accept(std::string_view text) {
    if (!is(text)) return false;
    take();
    return true;
  }
  [[noreturn]] void refuse(int line, const std::string& what) const {
    fail_input("{}:{}: {}", file_.path, line, what);
  }
  void expect(std::string_view text) {
    if (!accept(text)) refuse(now().line, fmt::format("expected '{}', found '{}'", text, now().text));
  }
  std::string name(std::string_view what) {
    if (now().kind != Token::Kind::name)
      refuse(now().line, fmt::format("expected {}, found '{}'", what, now().text));
    return take().text;
  }
  double number() {
    const bool negative = accept("-");
    if (!negative) accept("+");
    if (now().kind != Token::Kind::number)
      refuse(now().line, fmt::format("expected a number, found '{}'", now().text));
    return (negative ? -1 : 1) * take().number;
  }
  std::vector<std::string> names() {
    std::vector<std::string> all{name("a name")};
    while (accept(",")) all.push_back(name("a name"));
    return all;
  }
  /// "(mV)": a unit of a variable is the reader's business; nothing is converted. A space stands between two
  /// words.
  std::string unit() {
    std::string text;
    if (!accept("(")) return text;
    int depth = 1;
    bool after_word = false;
    while (depth > 0) {
      if (now().kind == Token::Kind::end) refuse(now().line, "a unit without its closing )");
      const auto token = take();
      if (token.text == "(" && token.kind == Token::Kind::symbol) ++depth;
      if (token.text == ")" && token.kind == Token::Kind::symbol && --depth == 0) break;
      const bool word = token.kind != Token::Kind::symbol;
      if (word && after_word) text += ' ';
      after_word = word;
      text += token.text;
    }
    return text;
  }

  void top_level() {
    const Token token = take();
    const auto& word = token.text;
    if (token.kind != Token::Kind::name)
      refuse(token.line, fmt::format("expected a block, found '{}'", word));
    if (word == "TITLE") {
      file_.title = take().text;
    } else if (word == "UNITSOFF" || word == "UNITSON" || word == "THREADSAFE") {
      // No units are converted either way.
    } else if (word == "INDEPENDENT") {
      skip_braces();
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
    } else if (word == "DEFINE") {
      const auto what = name("a name");
      file_.constants.emplace_back(what, number());
    } else if (word == "INITIAL" || word == "BREAKPOINT") {
      block(word, "", token.line);
    } else if (word == "DERIVATIVE" || word == "KINETIC" || word == "PROCEDURE" || word == "FUNCTION" ||
               word == "NET_RECEIVE" || word == "LINEAR" || word == "NONLINEAR") {
      if (word == "LINEAR" || word == "NONLINEAR")
        refuse(token.line, word + " blocks cannot be compiled here; use DERIVATIVE or KINETIC");
      block(word, word == "NET_RECEIVE" ? "" : name("the block's name"), token.line);
    } else {
      static constexpr std::array<std::string_view, 12> kNotHere{
          "FUNCTION_TABLE", "BEFORE",      "AFTER",    "INCLUDE", "DISCRETE", "PARTIAL",
          "DESTRUCTOR",     "CONSTRUCTOR", "TERMINAL", "MATCH",   "PLOT",     "WATCH"};
      if (std::find(kNotHere.begin(), kNotHere.end(), word) != kNotHere.end())
        refuse(token.line, word + " cannot be compiled here");
      refuse(token.line, fmt::format("unknown block '{}'", word));
    }
  }

  void skip_braces() {
    expect("{");
    for (int depth = 1; depth > 0;) {
      if (now().kind == Token::Kind::end) refuse(now().line, "a block without its closing }");
      const auto token = take();
      if (token.kind != Token::Kind::symbol) continue;
      if (token.text == "{") ++depth;
      if (token.text == "}") --depth;
    }
  }

  void neuron() {
    expect("{");
    while (!accept("}")) {
      const Token token = take();
      const auto& word = token.text;
      if (word == "SUFFIX" || word == "POINT_PROCESS") {
        file_.name = name("the mechanism's name");
        file_.point_process = word == "POINT_PROCESS";
      } else if (word == "USEION") {
        IonUse use;
        use.line = token.line;
        use.ion = name("an ion");
        if (accept("READ")) use.reads = names();
        if (accept("WRITE")) use.writes = names();
        if (accept("VALENCE") || accept("CHARGE")) use.valence = number();
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
      } else if (word == "POINTER" || word == "BBCOREPOINTER" || word == "EXTERNAL" ||
                 word == "ARTIFICIAL_CELL" || word == "REPRESENTS" || word == "RANDOM") {
        refuse(token.line, word + " cannot be compiled here");
      } else {
        refuse(token.line, fmt::format("unknown word '{}' in the NEURON block", word));
      }
    }
  }

  static void append(std::vector<std::string>& all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
  }

  /// UNITS { (mV) = (millivolt)  FARADAY = (faraday) (coulomb)  foot = (ft) -> (inch)  k = 3 (unit) }
  void units() {
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
  double ratio(const std::string& from, const std::string& to, const std::string& constant, int line) {
    try {
      const auto a = read_unit(from, defined_units_), b = read_unit(to, defined_units_);
      if (a.powers != b.powers) {
        file_.notes.push_back(fmt::format(
            "{}:{}: {} converts ({}) to ({}), which measure different things; as in NEURON, it is the "
            "quotient of their sizes in SI units",
            file_.path, line, constant, from, to));
      }
      return a.size / b.size;
    } catch (const InputError& error) {
      refuse(line, fmt::format("{} = ({}) ({}): {}", constant, from, to, error.what()));
    }
  }

  /// name [= value] [(unit)] [<low, high>] [FROM a TO b] [START c]
  void declarations(std::vector<Declaration>& into) {
    expect("{");
    while (!accept("}")) {
      Declaration d;
      d.line = now().line;
      d.name = name("a name");
      if (is("[")) refuse(d.line, fmt::format("'{}' is an array, which cannot be compiled here", d.name));
      if (accept("=")) {
        d.value = number();
        d.has_value = true;
      }
      d.unit = unit();
      if (accept("<")) {
        number();
        expect(",");
        number();
        expect(">");
      }
      if (accept("FROM")) {
        number();
        expect("TO");
        number();
      }
      if (accept("START")) d.start = number();
      into.push_back(d);
    }
  }

  void block(const std::string& kind, const std::string& named, int line) {
    Block b{kind, named, {}, {}, {}, line};
    if (accept("(")) {
      while (!accept(")")) {
        b.arguments.push_back(name("an argument"));
        b.units.push_back(unit());
        if (!is(")")) expect(",");
      }
      unit();
    } else if (kind == "FUNCTION" || kind == "PROCEDURE" || kind == "NET_RECEIVE") {
      refuse(line, fmt::format("{} {} has no list of arguments", kind, named));
    }
    if (accept("STEADYSTATE")) name("a method");
    for (const auto& other : file_.blocks) {
      if (other.kind == kind && other.name == named)
        refuse(line, fmt::format("a second {} {}; the first is in line {}", kind, named, other.line));
    }
    b.body = statements(0);
    file_.blocks.push_back(std::move(b));
  }

  std::vector<Statement> statements(int depth) {
    if (depth > kDeepest) refuse(now().line, "nested too deep");
    const int line = now().line;
    expect("{");
    std::vector<Statement> all;
    while (!accept("}")) {
      if (now().kind == Token::Kind::end) refuse(line, "a block without its closing }");
      statement(all, depth);
    }
    return all;
  }

  void statement(std::vector<Statement>& all, int depth) {
    Statement s;
    s.line = now().line;
    if (accept("~")) return all.push_back(reaction(s, depth));
    const auto word = name("a statement");
    if (word == "LOCAL") {
      s.kind = Statement::Kind::local;
      s.names = names();
    } else if (word == "UNITSOFF" || word == "UNITSON") {
      return;
    } else if (word == "TABLE") {
      s = table(s.line, depth);
    } else if (word == "SOLVE") {
      s.kind = Statement::Kind::solve;
      s.name = name("the block to solve");
      s.steady_state = accept("STEADYSTATE");
      if (s.steady_state || accept("METHOD")) s.method = name("a method");
    } else if (word == "IF" || word == "if") {
      s = branch(s.line, depth);
    } else if (word == "CONSERVE") {
      s.kind = Statement::Kind::conserve;
      s.left = side();
      expect("=");
      s.terms.push_back(expression(depth));
    } else if (word == "WHILE" || word == "while" || word == "FROM" || word == "FORALL" || word == "WATCH" ||
               word == "RESET" || word == "INITIAL" || word == "COMPARTMENT" ||
               word == "LONGITUDINAL_DIFFUSION") {
      refuse(s.line, word + " cannot be compiled here");
    } else if (accept("'")) {
      s.kind = Statement::Kind::derivative;
      s.name = word;
      expect("=");
      s.terms.push_back(expression(depth));
    } else if (is("(")) {
      s.kind = Statement::Kind::call;
      s.name = word;
      s.terms = arguments(depth);
    } else {
      if (is("[")) refuse(s.line, fmt::format("'{}' is an array, which cannot be compiled here", word));
      s.name = word;
      expect("=");
      s.terms.push_back(expression(depth));
    }
    all.push_back(std::move(s));
  }

  /// TABLE [names] [DEPEND names] FROM low TO high WITH intervals
  Statement table(int line, int depth) {
    Statement s;
    s.kind = Statement::Kind::table;
    s.line = line;
    if (!is("DEPEND") && !is("FROM")) s.names = names();
    if (accept("DEPEND")) names();
    for (const auto* word : {"FROM", "TO", "WITH"}) {
      expect(word);
      s.terms.push_back(expression(depth));
    }
    return s;
  }

  Statement branch(int line, int depth) {
    if (depth > kDeepest) refuse(line, "nested too deep");
    Statement s;
    s.kind = Statement::Kind::branch;
    s.line = line;
    expect("(");
    s.terms.push_back(expression(depth));
    expect(")");
    s.then = statements(depth + 1);
    if (accept("ELSE") || accept("else")) {
      if (is("IF") || is("if")) {
        const int next = take().line;
        s.otherwise.push_back(branch(next, depth + 1));
      } else {
        s.otherwise = statements(depth + 1);
      }
    }
    return s;
  }

  std::vector<std::pair<double, std::string>> side() {
    std::vector<std::pair<double, std::string>> all;
    do {
      double count = 1;
      if (now().kind == Token::Kind::number) count = take().number;
      all.emplace_back(count, name("a state"));
    } while (accept("+"));
    return all;
  }

  /// ~ A + B <-> C (forward, backward);   ~ A -> (rate);   ~ A << (flux)
  Statement reaction(Statement s, int depth) {
    s.kind = Statement::Kind::reaction;
    s.left = side();
    if (accept("<->")) {
      s.name = "<->";
      s.right = side();
    } else if (accept("->")) {
      s.name = "->";
    } else {
      expect("<<");
      s.name = "<<";
    }
    s.terms = arguments(depth);
    if (s.terms.size() != (s.name == "<->" ? 2u : 1u))
      refuse(s.line, fmt::format("a reaction {} with {} rates", s.name, s.terms.size()));
    return s;
  }

  std::vector<Term> arguments(int depth) {
    std::vector<Term> all;
    expect("(");
    while (!accept(")")) {
      all.push_back(expression(depth));
      if (!is(")")) expect(",");
    }
    return all;
  }

  // Precedence as in C, ^ highest and to the right.
  Term expression(int depth) { return chain(depth, 0); }

  Term chain(int depth, size_t level) {
    static const std::array<std::vector<std::string_view>, 5> kLevels{
        {{"||"}, {"&&"}, {"<", ">", "<=", ">=", "==", "!="}, {"+", "-"}, {"*", "/"}}};
    if (depth > kDeepest) refuse(now().line, "nested too deep");
    if (level == kLevels.size()) return signed_power(depth);
    Term left = chain(depth + 1, level + 1);
    for (int length = 0;; ++length) {
      const auto& ops = kLevels[level];
      if (now().kind != Token::Kind::symbol || std::find(ops.begin(), ops.end(), now().text) == ops.end())
        return left;
      if (length > 1000) refuse(now().line, "an expression too long");
      const auto op = take();
      Term both{Term::Kind::binary, op.text, 0, op.line, {}};
      both.parts.push_back(std::move(left));
      both.parts.push_back(chain(depth + 1, level + 1));
      left = std::move(both);
    }
  }

  Term signed_power(int depth) {
    if (depth > kDeepest) refuse(now().line, "nested too deep");
    const int line = now().line;
    if (accept("+")) return signed_power(depth + 1);
    if (accept("-")) return {Term::Kind::negate, "-", 0, line, {signed_power(depth + 1)}};
    if (accept("!")) return {Term::Kind::nay, "!", 0, line, {signed_power(depth + 1)}};
    Term base = primary(depth);
    if (!is("^")) return base;
    take();
    Term power{Term::Kind::binary, "^", 0, line, {}};
    power.parts.push_back(std::move(base));
    power.parts.push_back(signed_power(depth + 1));
    return power;
  }

  Term primary(int depth) {
    const Token token = take();
    if (token.kind == Token::Kind::number) {
      unit();  // 10 (mV)
      return {Term::Kind::number, token.text, token.number, token.line, {}};
    }
    if (token.kind == Token::Kind::name) {
      if (is("(")) return {Term::Kind::call, token.text, 0, token.line, arguments(depth + 1)};
      if (is("["))
        refuse(token.line, fmt::format("'{}' is an array, which cannot be compiled here", token.text));
      return {Term::Kind::name, token.text, 0, token.line, {}};
    }
    if (token.kind == Token::Kind::symbol && token.text == "(") {
      Term inner = expression(depth + 1);
      expect(")");
      return inner;
    }
    refuse(token.line, fmt::format("expected a value, found '{}'", token.text));
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
  File file_;
  UnitDefinitions defined_units_;
};

}  // namespace

const Block* File::block(std::string_view kind, std::string_view named) const {
  for (const auto& b : blocks) {
    if (b.kind == kind && (named.empty() || b.name == named)) return &b;
  }
  return nullptr;
}

File parse(std::string_view text, const std::string& path) {
  return Parser(text, path).parse();
}

}  // namespace nt::mechanism::nmodl
