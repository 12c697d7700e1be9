"""What a page of several runs lays beside each other; runs are run_data.Summary objects."""
from experiment.pictures import PANELS
from experiment.run_data import number, short

_ALWAYS_DIFFER = "out", "resume", "dry_run"


def differing_settings(runs):
    """[(setting, [its value in each run])] where not all values are the same; '' where a run has none."""
    names = dict.fromkeys(name for run in runs for name in run.settings if name not in _ALWAYS_DIFFER)
    rows = [("experiment", [run.script for run in runs])]
    rows += [(name, [short(run.settings[name]) if name in run.settings else "" for run in runs])
             for name in names]
    return [(short(name), values) for name, values in rows if len(set(values)) > 1]


def measures(runs):
    """(heads, [(run, [text])]) of the newest metrics and measures.json; '' where a run has no such number."""
    labels = {metric: label if title.startswith(label) or len(lines) == 1 else f"{title}: {label}"
              for title, lines, _ in PANELS for metric, label in lines}
    heads, rows = {}, []
    for run in runs:
        found = {"step": f"{run.latest['step']:,}"} if run.latest else {}
        found |= {labels[name]: f"{value:.4g}" for name in labels
                  if (value := number(run.latest.get(name))) is not None}
        found |= dict(run.measures)
        heads |= dict.fromkeys(found)
        rows.append((run, found))
    known = ["step", *labels.values()]
    heads = sorted(heads, key=lambda head: known.index(head) if head in known else len(known))
    return heads, [(run, [found.get(head, "") for head in heads]) for run, found in rows]


def same_pictures(runs):
    """Whether all runs show samples of the same z and reconstructions of the same images."""
    what = [[run.settings.get(name) for name in ("seed", "z_size", "data", "image_size", "limit")]
            for run in runs]
    return all(other == what[0] for other in what)
