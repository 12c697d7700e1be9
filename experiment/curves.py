"""curves.png: how the losses, the game and the speed went."""
import io

# (title, [(metric, label)], log axis)
PANELS = (
    ("L_prior: KL divergence, an image", [("kl", "KL")], True),
    ("L_llike: half squared error, an image", [("feature_loss", "features"), ("pixel_loss", "pixels")], True),
    ("L_GAN: mean cost of Dis", [("cost_real", "on real"), ("cost_fake", "on fakes")], False),
    ("Mean output of Dis", [("d_real", "D(real)"), ("d_fake", "D(fakes)")], False),
    ("Share of steps taken (gate)", [("gate_dis", "Dis"), ("gate_dec", "Dec")], False),
    ("Images a second", [("images_per_s", "images/s")], False),
)


def draw(reports):
    """The bytes of a PNG with one panel for each of PANELS that the reports (dicts with 'step') have."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg   # slow to import: only who draws pays
    from matplotlib.figure import Figure

    panels = [panel for panel in PANELS if any(name in reports[-1] for name, _ in panel[1])]
    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(11, 2.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for i, (title, lines, logarithmic) in enumerate(panels, 1):
        axes = figure.add_subplot(rows, 2, i)
        for name, label in lines:
            points = [(report["step"], report[name]) for report in reports if name in report]
            if points:
                axes.plot(*zip(*points), label=label, linewidth=1.2)
        if logarithmic and all(report.get(name, 1) > 0 for report in reports for name, _ in lines):
            axes.set_yscale("log")
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("step", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=90)
    return file.getvalue()
