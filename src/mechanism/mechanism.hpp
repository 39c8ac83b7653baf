#pragma once
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mechanism/detail/graph.hpp"

namespace nt::mechanism {

/// Part of what a result is known by. Raise it when the same NMODL text comes to other numbers.
inline constexpr int kMechanismVersion = 2;

/// What an ion variable of NMODL is: for "ca", eca, cai, cao and ica.
enum class IonQuantity : uint8_t { reversal_mV, inside_mM, outside_mM, current };

/// A current that a file reads and writes is there twice: what all mechanisms let in, and where its own is
/// added.
struct IonVariable {
  std::string name;  // "cai"
  std::string ion;   // "ca"
  IonQuantity quantity;
  bool written = false;
  bool unread = false;                 // a current of an ion that is not followed: written, but for nobody
  std::optional<double> valence = {};  // as the file says it

  bool is_concentration() const {
    return quantity == IonQuantity::inside_mM || quantity == IonQuantity::outside_mM;
  }
};

/// The symbol of what turns a point process's nA into mA/cm2. No name of NMODL has a space: a file may have
/// its own `scale`.
inline constexpr auto kAreaScale = "area scale";

/// What is added to the name of an ion variable for its value before any INITIAL, and to that of a current
/// that the file writes without reading it, for what the file itself last made of it: no names of NMODL.
inline constexpr auto kAtRest = " at rest";
inline constexpr auto kNow = " now";

/// Symbols of an event in NET_RECEIVE: no names of NMODL.
inline constexpr auto kEventFlag = "flag of the event";

struct Parameter {
  std::string name;
  double value = 0;  // the file's default
  std::string unit;
};

/// A channel, pump or synapse, compiled from NMODL to expressions of its symbols:
/// - fixed during a simulation: every parameter; dt (ms), celsius, diam (um), area (um2), kAreaScale (1, or
/// for a point
///   process 100/area, which turns nA into mA/cm2); reversal potentials and concentrations of ions that are
///   not followed;
/// - varying: v (mV), t (ms), the stored variables, the other ion variables, and an event's arguments.
/// Statements take effect in NEURON's order: NEURON's generated code is the reference where a file leaves it
/// open.
struct Mechanism {
  struct Current {
    std::string ion;  // "ca"; empty: nonspecific
    Expr value;       // mA/cm2, outward positive
    Expr slope;       // its derivative by v, S/cm2
  };
  /// net_send: an event that an instance sends to itself. net_move: the last one sent gets another time.
  struct Send {
    Expr when;  // a condition; 1: always
    Expr time;  // ms: of net_send how long from now, of net_move when
    Expr flag;
    bool move = false;
  };
  /// WATCH: the instance gets an event with this flag when `value` rises above 0 while the WATCH is on.
  struct Watch {
    std::string state;  // the stored variable that is 0: off, 1: on and below, 2: on and above
    Expr value;
    Expr flag;
  };
  /// A number that NET_RECEIVE must not come to: of an element that an array has not.
  struct Outside {
    Expr when;          // a condition
    std::string words;  // file, line, what is wrong
  };
  /// LONGITUDINAL_DIFFUSION of a state, or of a concentration that is one, to the neighbouring compartments.
  struct Diffusion {
    std::string state;
    Expr constant,
        volume;  // D times the cross-section, um4/ms; the volume for each um, um2 (COMPARTMENT); fixed
  };
  /// FUNCTION_TABLE: a function whose numbers the description gives.
  struct GivenFunction {
    std::string name;
    size_t table;  // of the graph
    int line;
  };
  /// net_event: a spike of an artificial cell.
  struct Spike {
    Expr when;  // a condition; 1: always
    Expr time;  // ms
  };
  /// What a block leaves that stands before or after others: the stored variables, and what it writes of
  /// ions, in the order of written_ion_variables().
  struct Moment {
    std::vector<Expr> stored, written;
  };
  /// What comes between INITIAL of all mechanisms and the first step, in this order.
  struct Start {
    std::optional<Moment> after_initial;
    bool breakpoint = false;  // BEFORE BREAKPOINT and BREAKPOINT are executed, and it matters
    std::optional<Moment> before_step;
  };
  struct Receiving {
    std::vector<std::string> arguments;  // of NET_RECEIVE; the first is the weight
    std::vector<Expr> stored;            // after an event
    std::string weight_unit;             // as declared: "uS", "1"; empty where none is
    std::vector<Send> sends;             // in their order
    std::vector<Watch> watches;
    std::vector<Spike> spikes;  // in their order; of other mechanisms than artificial cells nobody takes them
    std::vector<Outside> outside;
    Expr v = -1;                // mV after an event, where it sets v
    bool keeps_weight = false;  // the weight is a variable of the stream, which NET_RECEIVE changes
  };

  std::string name, path;
  bool point_process = false;
  Graph graph;
  std::vector<Parameter> parameters;
  /// States, then other variables that a later block reads: what every instance and trial has of its own. A
  /// PARAMETER that the file assigns is here as "name now".
  std::vector<std::string> stored;
  size_t states = 0;  // how many of these are states
  std::vector<IonVariable> ions;

  // Each in terms of the symbols' values before.
  std::vector<Expr> initial;                      // stored
  std::vector<Current> currents;                  // at v
  Expr total_current = -1;                        // sum of the currents, mA/cm2
  Expr conductance = -1;                          // its derivative by v, S/cm2
  std::vector<Expr> after_current;                // stored, when the currents have been evaluated
  std::vector<Expr> concentration_after_current;  // written concentrations, then
  std::vector<Expr> advanced;          // stored, one time step later (cnexp: exact for frozen rates)
  std::vector<Expr> advanced_quickly;  // the same to what float can tell, without the exponential of the step
  /// Written concentrations and reversal potentials, at the start and one step later; in the order of
  /// written_ion_variables().
  std::vector<Expr> initial_concentration, advanced_concentration;
  Start start;
  /// BEFORE BREAKPOINT, AFTER SOLVE and BEFORE STEP where they have to do with ions or with what diffuses:
  /// each is executed when all mechanisms have come so far. Elsewhere `after_current` and `advanced` hold
  /// them.
  std::optional<Moment> before_breakpoint, after_solve, before_step;
  /// BEFORE, AFTER, or a BREAKPOINT that changes a variable from its own earlier value: the number of steps
  /// counts.
  bool counts_steps = false;
  /// How much an event's effect on each stored variable decays in half a step: 1 where its rate is not fixed.
  std::vector<Expr> half_step_decay;
  std::optional<Receiving> receiving;
  std::vector<Send> initial_sends;  // of INITIAL
  std::vector<Diffusion> diffusing;
  std::vector<GivenFunction> given_functions;
  bool artificial_cell = false;
  /// What it draws random numbers from: each instance has a stream for each of these (random::DrawStream).
  /// How many numbers have been drawn is stored.
  std::vector<std::string> generators;
  bool draws_at_start = false;  // INITIAL draws
  /// What a user should know of how the file was read, with file and line: a TABLE that is not used, for
  /// example.
  std::vector<std::string> notes;

  const Parameter* parameter(std::string_view name) const;
  bool has_own_moments() const { return before_breakpoint || after_solve || before_step; }
  /// The concentrations and reversal potentials it changes, in the order of `ions`.
  std::vector<const IonVariable*> written_ion_variables() const;
  /// Ions that have to be followed because of it: it changes a concentration, or reads what others' currents
  /// sum up to.
  std::set<std::string> followed_ions() const;
  Expr symbol(const std::string& name) const;  // -1 if there is none
  /// The first FUNCTION_TABLE without numbers, as a message; empty where there is none.
  std::string lacks_numbers() const;
};

/// What becomes of a TABLE statement: values of the formulas themselves, or, as in NEURON, of a straight line
/// between two entries of the table.
enum class Tables : uint8_t { exact, as_neuron };

/// What becomes of a FUNCTION whose C code draws from a generator of random numbers that only NEURON's
/// interpreter can give: every instance has one, or none has, and the FUNCTION is 0.
enum class Generators : uint8_t { given, none };

/// How a KINETIC scheme whose rates are frozen during a step, and in which each reaction takes one state, is
/// stepped: as METHOD sparse does, by backward Euler, or by the matrix exponential, to 2e-5.
enum class Kinetics : uint8_t { as_neuron, exact };

/// How NMODL is read.
struct Reading {
  Tables tables = Tables::exact;
  Generators generators = Generators::given;
  Kinetics kinetics = Kinetics::as_neuron;
  /// Ions whose currents and concentrations are followed during a simulation because of other mechanisms of
  /// the cell: their variables vary. Those of which the file itself asks it, and those that are always, need
  /// not be here.
  std::set<std::string> followed_ions = {};
};

/// Compiles NMODL text. InputError names path:line.
Mechanism compile_mechanism(std::string_view text, const std::string& path, const Reading& reading = {});
Mechanism compile_mechanism(const std::filesystem::path& file, const Reading& reading = {});

}  // namespace nt::mechanism
