// A training that goes on: what it came to after each epoch. The page reloads itself, so it keeps the reader's theme and place.
const kReload_s = 5;

function showWatch(data) {
  document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const page = document.getElementById('page'), epochs = data.learning.epochs, last = epochs[epochs.length - 1], best = epochs.filter((e) => e.best).slice(-1)[0];
  const words = last ? `Epoch ${last.epoch} of ${data.epochs}: validation loss ${last.valid_loss.toPrecision(4)}${typeof last.valid_auc === 'number' ? `, AUC ${last.valid_auc.toFixed(5)}` : ''}${best ? `; the best so far is epoch ${best.epoch}` : ''}.` : 'The first epoch is being trained.';
  page.append(make('div', {class: 'top'}, [make('h1', {}, data.title)]), make('p', {class: 'verdict'}, words),
              make('p', {class: 'quiet', id: 'results'}, data.finished ? 'The training is finished.' : `This page reads itself again every ${kReload_s} seconds while the training goes on.`));
  if (epochs.length) page.append(make('h2', {}, 'How it learns'), make('div', {class: 'charts'}, learningCharts(data.learning).map((chart) => figureOf(chart, 'h3'))));
  const setbacks = data.learning.setbacks || [];
  if (setbacks.length) page.append(make('h2', {}, 'Setbacks'), make('ul', {}, setbacks.map((s) => make('li', {}, `${s.words}; it went on from the best weights at ${s.rate_factor} of the learning rate`))));
  drawWhatIsSeen();
  if (!data.finished) setTimeout(() => location.reload(), 1000 * kReload_s);
}
