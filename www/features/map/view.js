/** The map over the picture, and its controls. The viewer decides where the map lies. */
import { byId, contextOf, find, onChange, setOptions } from '../../core/dom.js';
import { nameOf, t } from '../../core/i18n.js';
import { overlayKey, rampOf, shownMap } from '../../core/map.js';
import { isUnknown } from '../../core/wording.js';

/** @param {import('../../session.js').Session} session */
export function bindStage(session) {
  const layers = byId('layers');
  const mapCanvas = byId('map', HTMLCanvasElement);
  const controls = byId('controls', HTMLFormElement);
  const toggle = byId('map-toggle', HTMLInputElement);
  const kind = byId('map-kind', HTMLSelectElement);
  const palette = byId('palette', HTMLSelectElement);
  const opacity = byId('opacity', HTMLInputElement);
  const legend = byId('legend', HTMLCanvasElement);
  const text = byId('map-text');

  controls.addEventListener('submit', (event) => event.preventDefault());
  toggle.addEventListener('change', () => session.map.set({ on: toggle.checked }));
  kind.addEventListener('change', () =>
    session.map.set({ kind: kind.value === 'similarity' ? 'similarity' : 'attention' }),
  );
  palette.addEventListener('change', () => session.map.set({ palette: palette.value }));
  opacity.addEventListener('input', () => session.map.set({ opacity: Number(opacity.value) }));

  const drawMap = onChange((/** @type {import('../../core/state.js').State['overlay']} */ overlay) => {
    if (!overlay) return;
    mapCanvas.width = mapCanvas.height = overlay.size;
    contextOf(mapCanvas).putImageData(new ImageData(overlay.rgba, overlay.size), 0, 0);
  });

  const drawLegend = onChange((/** @type {Uint8ClampedArray | undefined} */ ramp) => {
    if (!ramp) return;
    legend.width = ramp.length / 4;
    contextOf(legend).putImageData(new ImageData(new Uint8ClampedArray(ramp), legend.width), 0, 0);
  });

  const drawPalettes = onChange((/** @type {import('carzero').Palette[]} */ palettes) =>
    setOptions(
      palette,
      palettes.map(({ name }) => ({ value: name, text: name })),
    ),
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { picture, map, overlay, selected } = state;
    drawMap(overlay);
    drawLegend(rampOf(state));
    drawPalettes(state.palettes);
    layers.toggleAttribute('data-working', state.work === 'encoding' && !picture?.fromLab);
    controls.hidden = !picture;
    toggle.checked = map.on;
    kind.value = map.kind;
    palette.value = map.palette;
    opacity.value = String(map.opacity);
    palette.disabled = opacity.disabled = !map.on;
    const shown = shownMap(state);
    kind.disabled = !map.on || shown?.part === 'choice';
    if (shown?.part === 'choice') kind.value = 'attention';
    mapCanvas.style.setProperty('opacity', String(map.opacity / 100));
    mapCanvas.hidden = !map.on || !overlay || overlay.key !== overlayKey(state);
    mapCanvas.setAttribute(
      'aria-label',
      t('map.label', { kind: shown?.name ?? t(`map.${map.kind}`), finding: nameOf(selected) }),
    );
    const told = (/** @type {ReturnType<typeof shownMap>} */ of) =>
      isUnknown(state.scores.get(selected)) ? t('map.unknownText') : (of?.text ?? t(`map.${map.kind}Text`));
    find(text, 'span').textContent = told(shown);
    text.dataset.rest = told(shownMap({ ...state, why: { ...state.why, word: null, hovered: null } })); // reserves room for the text at rest
  };
}
