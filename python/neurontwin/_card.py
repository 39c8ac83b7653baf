"""Model cards: what a twin is, of which neuron, how good and where it ends, as model hubs expect it (Mitchell et al. 2019, FAT*)."""
import json

SCORES = {  # of metrics.json, and what they mean
    "spike.auc": "area under the ROC curve of spikes, 1 ms bins",
    "spike.tpr_at_fpr_0.0025": "spikes found at 0.25 % false positives",
    "spike.bits_per_spike": "bits per spike over a constant rate",
    "spike.f1_2ms": "F1 of spike times, within 2 ms",
    "soma.variance_explained": "share of the somatic voltage's variance",
    "soma.rmse_mV": "root of the mean squared error of the voltage, mV",
    "dendrites.variance_explained": "share of the dendritic components' variance",
}


def front_matter(kind, license, scores):
    lines = ["---", "library_name: neurontwin", "tags: [neuroscience, biophysics, single-neuron, spiking, time-series]"]
    if license:
        lines.append(f"license: {json.dumps(license)}")
    rows = [f"      - type: {json.dumps(name)}\n        name: {json.dumps(words)}\n        value: {scores[name]:.6g}"
            for name, words in SCORES.items() if isinstance(scores.get(name), (int, float))]
    if rows:
        lines += ["model-index:", f"- name: {json.dumps(kind + ' twin')}", "  results:", "  - task:", "      type: time-series-forecasting",
                  "    dataset:", "      type: simulation", "      name: test trials", "    metrics:", *rows]
    return "\n".join([*lines, "---"])


def score_table(scores):
    lines = ["| score | of the test trials | 95 % interval |", "|---|---|---|"]
    for name, words in SCORES.items():
        value = scores.get(name)
        if isinstance(value, (int, float)):
            interval = interval_of(scores, name)
            lines.append(f"| {words} (`{name}`) | {value:.4g} | {'' if interval is None else f'{interval[0]:.4g} to {interval[1]:.4g}'} |")
    return "\n".join(lines) if len(lines) > 2 else "It has not been evaluated: `twin.evaluate(data)`, handed over as `scores=`."


def interval_of(scores, name):
    """From Scores, or from what a twin's file holds."""
    if hasattr(scores, "interval"):
        low, high = scores.interval(name)
        return (low, high) if low == low and high == high and (low, high) != (0, 0) else None
    return scores.get(f"{name}_ci95")


def neuron_words(synapses):
    compartments = synapses.get("compartments", {})
    sections = compartments.get("section", [])
    if not sections:
        return "Where its synapses sit is not known."
    regions = sorted(set(compartments.get("region", [])))
    return f"{len(sections)} compartments ({', '.join(regions)})."


def limits(texts, specification):
    lines = [f"It answers with what it saw: the {specification['window_ms']} ms before each ms of input on "
             f"{specification['excitatory_synapses']} excitatory and {specification['inhibitory_synapses']} inhibitory synapses, and nothing else. "
             "Other inputs to the neuron, other temperatures, drugs and plasticity are outside of it.",
             "It is as good as the scores on inputs like those that it was trained with; on others it has to be tested "
             "(`[evaluate.generalisation]` in neurontwin).",
             "It stands for a model of a neuron, with that model's faults, and not for the neuron of an animal."]
    if not texts["synapses"].get("compartments", {}).get("section"):
        lines.append("Its training data came without a cell: no map of its weights on a neuron can be drawn.")
    return "\n".join(f"- {line}" for line in lines)


def model_card(twin, *, scores=None, title=None, license=None, cell=None, data=None):
    """The text of a model card (Markdown with YAML in front). scores: of twin.evaluate(), or those in its file. title, license of the
    weights, words on the cell and on the data: yours."""
    description = twin.describe()
    texts = {name: json.loads(text) for name, text in description["texts"].items() if name not in ("format", "sha256")}
    scores = texts.get("scores", {}) if scores is None else scores
    specification, provenance = texts["specification"], texts.get("provenance", {})
    experiment = provenance.get("experiment", "")
    heads = ", ".join(head["name"] for head in specification["heads"])
    parts = [front_matter(description["kind"], license, scores),
             f"# {title or provenance.get('title') or 'The twin of a neuron'}",
             f"A deep network that does what a detailed neuron model does, at 1 ms: {description['words']}, {twin.parameters} weights. "
             f"It says, for each ms: {heads}. Made with neurontwin {provenance.get('program', '')}.".replace(" .", "."),
             f"## The neuron\n{cell or ''} {neuron_words(texts['synapses'])}".replace("\n ", "\n"),
             f"## Data\n{data or 'As the configuration below says.'}",
             f"## Scores\n{score_table(scores)}",
             f"## Limits\n{limits(texts, specification)}",
             "## Use\n```python\nimport neurontwin as nt\ntwin = nt.load(\"twin.safetensors\")      # runs no code of the file\n"
             "probability, soma_mV = twin(inputs)        # [trial, ms]\nmodule = twin.to_torch()                   # a torch.nn.Module\n```"]
    if experiment:
        parts.append(f"## Configuration\n```toml\n{experiment.strip()}\n```")
    return "\n\n".join(parts) + "\n"
