#include "config/error.hpp"
#include "mechanism/detail/parser.hpp"

namespace nt::mechanism::nmodl {

Token Parser::take() {
  Token token = now();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::is(std::string_view text) const {
  return (now().kind == Token::Kind::symbol || now().kind == Token::Kind::name) && now().text == text;
}

bool Parser::accept(std::string_view text) {
  if (!is(text)) return false;
  take();
  return true;
}

void Parser::refuse(int line, const std::string& what) const {
  fail_input("{}:{}: {}", file_.path, line, what);
}

void Parser::expect(std::string_view text) {
  if (!accept(text)) refuse(now().line, fmt::format("expected '{}', found '{}'", text, now().text));
}

std::string Parser::name(std::string_view what) {
  if (now().kind != Token::Kind::name)
    refuse(now().line, fmt::format("expected {}, found '{}'", what, now().text));
  return take().text;
}

double Parser::number() {
  const bool negative = accept("-");
  if (!negative) accept("+");
  if (now().kind != Token::Kind::number)
    refuse(now().line, fmt::format("expected a number, found '{}'", now().text));
  return (negative ? -1 : 1) * take().number;
}

std::vector<std::string> Parser::names() {
  std::vector<std::string> all;
  do {
    // As in NEURON's compiler, a comma may stand before something else.
    if (!all.empty() && now().kind != Token::Kind::name) break;
    all.push_back(name("a name"));
  } while (accept(","));
  return all;
}

std::string Parser::unit() {
  std::string text;
  if (!accept("(")) return text;
  int depth = 1;
  bool after_word = false;
  while (depth > 0) {
    if (now().kind == Token::Kind::end) refuse(now().line, "this unit has no closing )");
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

void Parser::skip_braces() {
  expect("{");
  for (int depth = 1; depth > 0;) {
    if (now().kind == Token::Kind::end) refuse(now().line, "this block has no closing }");
    const auto token = take();
    if (token.kind != Token::Kind::symbol) continue;
    if (token.text == "{") ++depth;
    if (token.text == "}") --depth;
  }
}

}  // namespace nt::mechanism::nmodl
