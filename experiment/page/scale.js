// From numbers to places on an axis, and the numbers that are written there.

/** place(value) -> pixels, from `start` for `low` to `end` for `high`; logarithmic where `log`. */
function scale(low, high, start, end, log) {
  const of = log ? Math.log10 : value => value;
  const first = of(low), length = of(high) - first || 1;
  return value => start + (of(value) - first) / length * (end - start);
}

/** Round numbers from low to high, about `count`. */
function ticks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= 0.8 * rough);
  const found = [];
  for (let i = Math.ceil(low / step); i * step <= high && found.length < 50; i++) found.push(i * step);
  return found;
}

/** Powers of ten from low to high, with 2 and 5 between them where there are few. */
function logTicks(low, high) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const every = Math.ceil((last - first) / 6), factors = last - first > 3 ? [1] : [1, 2, 5];
  const found = [];
  for (let power = first; power <= last; power += every) {
    for (const factor of factors) found.push(Number(`${factor}e${power}`));
  }
  const seen = found.filter(value => value >= low && value <= high);
  return seen.length > 1 ? seen : ticks(low, high, 3);
}

/** The index in `sorted` whose value is nearest to `value`. */
function nearest(sorted, value) {
  let low = 0, high = sorted.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle;
    else high = middle;
  }
  return Math.abs(sorted[low] - value) <= Math.abs(sorted[high] - value) ? low : high;
}

/** What stands in `values` at a place in `sorted`: a straight line between its neighbours. */
function between(sorted, values, place) {
  const after = sorted.findIndex(other => other >= place);
  if (after < 1) return after < 0 ? values.at(-1) : values[0];
  const part = (place - sorted[after - 1]) / (sorted[after] - sorted[after - 1]);
  return values[after - 1] + part * (values[after] - values[after - 1]);
}

/** [lowest, highest] of a band of good runs after `step` of `steps`; null without one. */
function bandAt(band, metric, step, steps) {
  const share = step / steps, known = band && Object.hasOwn(band.metrics, metric);
  if (!known || !steps || share > 1) return null;
  const [lows, highs] = band.metrics[metric];
  return [lows, highs].map(edge => between(band.shares, edge, share));
}
