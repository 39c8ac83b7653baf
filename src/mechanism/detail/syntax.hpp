#pragma once
#include <map>
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
  enum class Kind { number, name, element, text, call, negate, nay, binary };
  Kind kind = Kind::number;
  std::string text;  // the name, the array, the words, the function or the operator
  double number = 0;
  int line = 0;
  std::vector<Term> parts;  // arguments; operands; the index of an element
};

/// A variable that is changed: a name, or an element of an array.
struct Place {
  std::string name;
  std::optional<Term> index = {};
};

/// So many of a state, in a reaction.
struct Reactant {
  double count = 1;
  Place state;
};

/// A statement as written.
struct Statement {
  enum class Kind {
    assign,
    derivative,
    call,
    branch,
    from,    // FROM name = terms[0] TO terms[1] BY terms[2] { then }
    repeat,  // WHILE (terms[0]) { then }
    solve,
    local,
    reaction,
    equation,  // of a LINEAR block: ~ terms[0] = terms[1]
    conserve,
    compartment,  // COMPARTMENT name, terms[0] { names }
    diffusion,    // LONGITUDINAL_DIFFUSION, the same
    table,
    watch,    // WATCH (terms[0]) terms[1]; `number` tells it from the file's others
    initial,  // of a NET_RECEIVE block: INITIAL { then }
    verbatim  // `name` is the C code
  };
  Kind kind = Kind::assign;
  int line = 0;
  size_t number = 0;          // of a WATCH
  std::string name;           // what is assigned, solved, called; the variable of a loop
  std::optional<Term> index;  // of the element that is assigned
  std::string method;         // of SOLVE; empty: none is given
  bool steady_state = false;  // SOLVE name STEADYSTATE method
  std::vector<Term> terms;    // value; arguments; condition; FROM, TO and WITH of a TABLE
  std::vector<Statement> then, otherwise;
  std::vector<std::string> names;     // LOCAL, of an array all its elements; what a TABLE holds
  std::vector<Reactant> left, right;  // of a reaction; empty: << source; `left` of CONSERVE
};

/// BREAKPOINT, DERIVATIVE name, FUNCTION name(arguments), ...
struct Block {
  std::string kind, name;
  std::vector<std::string> arguments, units;  // units: of each argument, as written; empty where none is
  std::vector<Statement> body;
  int line = 0;
};

/// A variable. An array is declared by its elements: "ca[0]", "ca[1]".
struct Declaration {
  std::string name, unit;
  double value = 0;
  bool has_value = false;
  double start = 0;  // of a STATE
  int line = 0;
};

/// The name of an element of an array.
std::string element_name(std::string_view array, int index);
/// The array of an element's name; of another name that itself.
std::string_view array_of(std::string_view name);

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
  bool artificial_cell = false;  // then point_process is true
  std::vector<IonUse> ions;
  std::vector<std::string> nonspecific, electrode, range, global;
  std::vector<std::string> locals;                        // LOCAL outside of blocks; `global` has them, too
  bool thread_safe = false;                               // THREADSAFE in the NEURON block
  bool has_c = false;                                     // VERBATIM outside of blocks
  std::vector<std::string> conductances;                  // variables that hold what CONDUCTANCE names
  std::map<std::string, int> pointers;                    // POINTER, BBCOREPOINTER, EXTERNAL: name and line
  std::map<std::string, int> generators;                  // RANDOM: name and line
  std::map<std::string, int> arrays;                      // how many elements each has
  std::vector<std::pair<std::string, double>> constants;  // from UNITS: FARADAY = (faraday) (coulomb)
  std::vector<std::string> notes;  // what a user should know of what was read, with its line
  std::vector<Declaration> parameters, assigned, states;
  std::vector<Block> blocks;

  const Block* block(std::string_view kind, std::string_view name = {}) const;
};

/// Splits NMODL text into tokens. InputError naming path:line.
std::vector<Token> split(std::string_view text, const std::string& path);

/// Reads NMODL. InputError naming path:line for what is wrong and for what cannot be done here.
File parse(std::string_view text, const std::string& path);

}  // namespace nt::mechanism::nmodl
