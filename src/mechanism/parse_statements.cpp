#include <algorithm>
#include <array>

#include "config/error.hpp"
#include "mechanism/detail/parser.hpp"

namespace nt::mechanism::nmodl {

std::vector<Statement> Parser::statements(int depth) {
  if (depth > kDeepest) refuse(now().line, "nested too deep");
  const int line = now().line;
  expect("{");
  std::vector<Statement> all;
  while (!accept("}")) {
    if (now().kind == Token::Kind::end) refuse(line, "this block has no closing }");
    statement(all, depth);
  }
  return all;
}

void Parser::statement(std::vector<Statement>& all, int depth) {
  Statement s;
  s.line = now().line;
  if (accept("~")) {
    reaction(s, depth);
  } else if (is("{")) {  // a block in a block, with LOCALs of its own
    s.kind = Statement::Kind::branch;
    s.terms.push_back({Term::Kind::number, "1", 1, s.line, {}});
    s.then = statements(depth + 1);
  } else {
    const auto word = name("a statement");
    static constexpr std::array<std::string_view, 5> kNothing{"UNITSOFF", "UNITSON", "PROTECT", "MUTEXLOCK",
                                                              "MUTEXUNLOCK"};
    if (std::find(kNothing.begin(), kNothing.end(), word) != kNothing.end()) return;
    if (word == "CONDUCTANCE") return conductance();
    if (!worded_statement(s, word, depth)) assignment(s, word, depth);
  }
  all.push_back(std::move(s));
}

bool Parser::worded_statement(Statement& s, const std::string& word, int depth) {
  if (word == "LOCAL") {
    locals(s);
  } else if (word == "TABLE") {
    s = table(s.line, depth);
  } else if (word == "SOLVE") {
    s.kind = Statement::Kind::solve;
    s.name = name("the block to solve");
    s.steady_state = accept("STEADYSTATE");
    if (s.steady_state || accept("METHOD")) s.method = name("a method");
    if (accept("IFERROR")) skip_braces();
  } else if (word == "IF" || word == "if") {
    s = branch(s.line, depth);
  } else if (word == "FROM") {
    from(s, depth);
  } else if (word == "WHILE" || word == "while") {
    s.kind = Statement::Kind::repeat;
    expect("(");
    s.terms.push_back(expression(depth));
    expect(")");
    s.then = statements(depth + 1);
  } else if (word == "CONSERVE") {
    s.kind = Statement::Kind::conserve;
    s.left = side(depth);
    expect("=");
    s.terms.push_back(expression(depth));
  } else if (word == "COMPARTMENT" || word == "LONGITUDINAL_DIFFUSION") {
    s.kind = word == "COMPARTMENT" ? Statement::Kind::compartment : Statement::Kind::diffusion;
    geometry(s, depth);
  } else if (word == "WATCH") {
    s.kind = Statement::Kind::watch;
    s.number = watches_++;
    expect("(");
    s.terms.push_back(expression(depth));
    expect(")");
    s.terms.push_back(expression(depth));
  } else if (word == "FOR_NETCONS") {
    for_netcons(s, depth);
  } else if (word == "INITIAL") {
    s.kind = Statement::Kind::initial;
    s.then = statements(depth + 1);
  } else if (word == "VERBATIM") {
    s.kind = Statement::Kind::verbatim;
    s.name = take().text;
  } else if (word == "FORALL" || word == "RESET" || word == "MATCH") {
    refuse(s.line, word + " cannot be compiled here, and NEURON does not use it; leave it out");
  } else {
    return false;
  }
  return true;
}

/// FOR_NETCONS (names) { ... } is executed for every stream of a synapse, with names of its own for what the
/// stream keeps. A synapse has one stream: the block is executed once, on the arguments of NET_RECEIVE.
void Parser::for_netcons(Statement& s, int depth) {
  if (stream_arguments_.empty())
    refuse(
        s.line,
        "FOR_NETCONS outside of NET_RECEIVE cannot be compiled here; have the synapse net_send an event to "
        "itself, and write FOR_NETCONS where NET_RECEIVE handles it");
  Block own;
  expect("(");
  arguments_of(own);
  if (own.arguments.size() != stream_arguments_.size())
    refuse(s.line,
           fmt::format("FOR_NETCONS has {} arguments; NET_RECEIVE has {}, and both need the same number",
                       own.arguments.size(), stream_arguments_.size()));
  const size_t start = at_;
  skip_braces();
  for (size_t i = start; i < at_; ++i) {
    if (tokens_[i].kind != Token::Kind::name) continue;
    const auto named = std::find(own.arguments.begin(), own.arguments.end(), tokens_[i].text);
    if (named != own.arguments.end()) tokens_[i].text = stream_arguments_[named - own.arguments.begin()];
  }
  at_ = start;
  s.kind = Statement::Kind::branch;
  s.terms.push_back({Term::Kind::number, "1", 1, s.line, {}});
  s.then = statements(depth + 1);
}

/// CONDUCTANCE g [USEION ion]: which variable is a current's conductance. It is read at the end of
/// BREAKPOINT, into a variable of its own.
void Parser::conductance() {
  Statement s;
  s.line = now().line;
  s.name = fmt::format("CONDUCTANCE {}", conductances_.size());
  s.terms.push_back({Term::Kind::name, name("a variable"), 0, s.line, {}});
  if (accept("USEION")) name("an ion");
  conductances_.push_back(std::move(s));
}

void Parser::assignment(Statement& s, const std::string& word, int depth) {
  s.name = word;
  if (is("(")) {
    s.kind = Statement::Kind::call;
    s.terms = arguments(depth);
    return;
  }
  if (accept("'")) {
    s.kind = Statement::Kind::derivative;
    if (is("'")) refuse(s.line, fmt::format("{}'' cannot be compiled here; write it as two equations", word));
  }
  if (accept("[")) {
    s.index = expression(depth);
    expect("]");
    if (accept("'")) s.kind = Statement::Kind::derivative;
  }
  expect("=");
  s.terms.push_back(expression(depth));
}

void Parser::locals(Statement& s) {
  s.kind = Statement::Kind::local;
  do {
    const auto local = name("a name");
    const auto size = size_of(local);
    if (!size) s.names.push_back(local);
    for (int i = 0; size && i < *size; ++i) s.names.push_back(element_name(local, i));
  } while (accept(","));
}

/// TABLE [names] [DEPEND names] FROM low TO high WITH intervals
Statement Parser::table(int line, int depth) {
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

Statement Parser::branch(int line, int depth) {
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

/// FROM i = low TO high [BY step] { ... }
void Parser::from(Statement& s, int depth) {
  s.kind = Statement::Kind::from;
  s.name = name("the loop's variable");
  expect("=");
  s.terms.push_back(expression(depth));
  expect("TO");
  s.terms.push_back(expression(depth));
  s.terms.push_back(accept("BY") ? expression(depth) : Term{Term::Kind::number, "1", 1, s.line, {}});
  s.then = statements(depth + 1);
}

/// COMPARTMENT [index,] volume { states }
void Parser::geometry(Statement& s, int depth) {
  auto first = expression(depth);
  if (accept(",")) {
    if (first.kind != Term::Kind::name) refuse(s.line, "expected the name of an index before ','");
    s.name = first.text;
    first = expression(depth);
  }
  s.terms.push_back(std::move(first));
  expect("{");
  while (!accept("}")) {
    s.names.push_back(name("a state"));
    accept(",");
  }
}

Place Parser::place(std::string_view what, int depth) {
  Place place{name(what)};
  if (accept("[")) {
    place.index = expression(depth);
    expect("]");
  }
  return place;
}

std::vector<Reactant> Parser::side(int depth) {
  std::vector<Reactant> all;
  do {
    double count = 1;
    if (now().kind == Token::Kind::number) count = take().number;
    all.push_back({count, place("a state", depth)});
  } while (accept("+"));
  return all;
}

/// ~ A + B <-> C (forward, backward);   ~ A -> (rate);   ~ A << (flux);   of a LINEAR block: ~ a = b
void Parser::reaction(Statement& s, int depth) {
  s.kind = Statement::Kind::reaction;
  const size_t start = at_;
  // An equation is told from a reaction by what stands before any arrow.
  for (int open = 0; now().kind != Token::Kind::end; take()) {
    if (now().kind != Token::Kind::symbol) continue;
    const auto& symbol = now().text;
    if (symbol == "(" || symbol == "[") ++open;
    if (symbol == ")" || symbol == "]") --open;
    if (open == 0 && (symbol == "<->" || symbol == "->" || symbol == "<<" || symbol == "=" || symbol == "}"))
      break;
  }
  const bool equation = is("=");
  at_ = start;
  if (equation) {
    s.kind = Statement::Kind::equation;
    s.terms.push_back(expression(depth));
    expect("=");
    s.terms.push_back(expression(depth));
    return;
  }
  s.left = side(depth);
  if (accept("<->")) {
    s.name = "<->";
    s.right = side(depth);
  } else if (accept("->")) {
    s.name = "->";
  } else {
    expect("<<");
    s.name = "<<";
  }
  s.terms = arguments(depth);
  if (s.terms.size() != (s.name == "<->" ? 2u : 1u))
    refuse(s.line, fmt::format("a reaction {} with {} rates", s.name, s.terms.size()));
}

}  // namespace nt::mechanism::nmodl
