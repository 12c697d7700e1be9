"""How the learning rate moves."""

SCHEDULES = "constant", "released"

_END = 1e-5       # [released code] learning rate times batch size at the end
_POWER = 0.75     # [released code]


def learning_rate(settings, step):
    """The learning rate of training step `step` (0, 1, ...).

    'released': start - (t/T)^0.75 (start - 1e-5 / batch size) in epoch t = 0, 1, ... of T, where start is
    `settings.lr` (the released code gives it times the batch size: .025 for 64).
    Over the first `warmup` steps the rate rises linearly.
    """
    rate = settings.lr
    if settings.schedule == "released":
        passed = step // settings.epoch_size / settings.epochs
        rate -= passed ** _POWER * (settings.lr - _END / settings.batch_size)
    if step < settings.warmup:
        rate *= (step + 1) / (settings.warmup + 1)
    return rate
