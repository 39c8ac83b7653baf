#include <algorithm>
#include <array>

#include "config/error.hpp"
#include "mechanism/detail/parser.hpp"

namespace nt::mechanism::nmodl {

Term Parser::chain(int depth, size_t level) {
  static const std::array<std::vector<std::string_view>, 5> kLevels{
      {{"||"}, {"&&"}, {"<", ">", "<=", ">=", "==", "!="}, {"+", "-"}, {"*", "/"}}};
  if (depth > kDeepest) refuse(now().line, "nested too deep");
  if (level == kLevels.size()) return signed_power(depth);
  Term left = chain(depth + 1, level + 1);
  for (int length = 0;; ++length) {
    const auto& ops = kLevels[level];
    if (now().kind != Token::Kind::symbol || std::find(ops.begin(), ops.end(), now().text) == ops.end())
      return left;
    if (length > 1000) refuse(now().line, "this expression is too long");
    const auto op = take();
    Term both{Term::Kind::binary, op.text, 0, op.line, {}};
    both.parts.push_back(std::move(left));
    both.parts.push_back(chain(depth + 1, level + 1));
    left = std::move(both);
  }
}

Term Parser::signed_power(int depth) {
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

Term Parser::primary(int depth) {
  const Token token = take();
  if (token.kind == Token::Kind::number) {
    unit();  // 10 (mV)
    return {Term::Kind::number, token.text, token.number, token.line, {}};
  }
  if (token.kind == Token::Kind::text) return {Term::Kind::text, token.text, 0, token.line, {}};
  if (token.kind == Token::Kind::name) {
    if (is("(")) return {Term::Kind::call, token.text, 0, token.line, arguments(depth + 1)};
    if (!accept("[")) return {Term::Kind::name, token.text, 0, token.line, {}};
    Term element{Term::Kind::element, token.text, 0, token.line, {expression(depth + 1)}};
    expect("]");
    return element;
  }
  if (token.kind == Token::Kind::symbol && token.text == "(") {
    Term inner = expression(depth + 1);
    expect(")");
    return inner;
  }
  refuse(token.line, fmt::format("expected a value, found '{}'", token.text));
}

std::vector<Term> Parser::arguments(int depth) {
  std::vector<Term> all;
  expect("(");
  while (!accept(")")) {
    all.push_back(expression(depth));
    if (!is(")")) expect(",");
  }
  return all;
}

}  // namespace nt::mechanism::nmodl
