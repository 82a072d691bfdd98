/**
 * Draws a dashboard in a browser, with Grafana's own components, units, thresholds, transformations and overrides, from a
 * live Prometheus. Not Grafana: what is missing here is what frames a panel there (menus, editing, the status history,
 * which is drawn after its data in cells.tsx).
 */

import { createTheme, dateTime, ThemeContext } from '@grafana/data';
import { GlobalStyles, PanelChrome, PortalContainer } from '@grafana/ui';
import { createRoot } from 'react-dom/client';

import { Panel } from './panel.tsx';
import { answersOf } from './data.ts';
import { prepare } from './options.ts';

import type { Drawing, Grid } from './model.ts';

const theme = createTheme({ colors: { mode: 'dark' } });
const CELL_PX = 30;
const GAP_PX = 8;
const HEAD_PX = 84;

declare global {
  interface Window {
    draw(drawing: Drawing): Promise<readonly string[]>;
  }
}

/** Draws, and answers what could not be drawn as it should: one line each. */
window.draw = async (drawing) => {
  prepare();
  const timeRange = {
    from: dateTime(drawing.fromMs),
    to: dateTime(drawing.toMs),
    raw: { from: 'now-24h', to: 'now' },
  };
  const complaints: string[] = [];
  const widthPx = window.innerWidth - 2 * GAP_PX;
  const column = (widthPx + GAP_PX) / 24;
  const placeOf = ({ x, y, w, h }: Grid) => ({
    left: GAP_PX + x * column,
    top: HEAD_PX + y * (CELL_PX + GAP_PX),
    width: w * column - GAP_PX,
    height: h * (CELL_PX + GAP_PX) - GAP_PX,
  });
  const { panels } = drawing.dashboard;
  const asked = await Promise.all(
    panels.map(async (panel) =>
      panel.type === 'row' || panel.type === 'text'
        ? []
        : answersOf(panel, { ...drawing, widthPx: placeOf(panel.gridPos).width }),
    ),
  );
  const bottom = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const page = (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ position: 'relative', height: HEAD_PX + bottom * (CELL_PX + GAP_PX) }}>
        <Head drawing={drawing} />
        {panels.map((panel, k) => {
          const place = placeOf(panel.gridPos);
          if (panel.type === 'row') {
            return (
              <div
                key={panel.id}
                style={{ ...place, position: 'absolute', padding: 4, fontWeight: 500 }}
              >
                {`⌄ ${panel.title}`}
              </div>
            );
          }
          return (
            <div key={panel.id} id={`panel-${panel.id}`} style={{ ...place, position: 'absolute' }}>
              <PanelChrome
                {...place}
                title={panel.title}
                description={panel.description}
                padding="md"
              >
                {(width: number, height: number) => (
                  <Panel
                    {...{ panel, theme, timeRange, width, height }}
                    frames={asked[k] ?? []}
                    complain={(what) => complaints.push(`${panel.title}: ${what}`)}
                  />
                )}
              </PanelChrome>
            </div>
          );
        })}
      </div>
      <PortalContainer />
    </ThemeContext.Provider>
  );
  const root = document.createElement('div');
  document.body.append(root);
  createRoot(root).render(page);
  // Two frames after the fonts: plots measure themselves once.
  await document.fonts.ready;
  for (let k = 0; k < 20; k++) await new Promise((done) => requestAnimationFrame(done));
  return complaints;
};

function Head({ drawing: { dashboard, values } }: { drawing: Drawing }) {
  const shown = dashboard.templating.list.filter(
    ({ type, hide }) => type !== 'constant' && (hide ?? 0) === 0,
  );
  return (
    <div style={{ position: 'absolute', left: GAP_PX, top: GAP_PX, right: GAP_PX }}>
      <div style={{ fontSize: 16, fontWeight: 500, marginBottom: 10 }}>
        {dashboard.title}
        {dashboard.links.map(({ title }) => (
          <span
            key={title}
            style={{ float: 'right', marginLeft: 12, fontSize: 12, color: theme.colors.text.link }}
          >
            {`${title} ↗`}
          </span>
        ))}
      </div>
      {shown.map(({ name, label }) => (
        <span key={name} style={{ marginRight: 16, fontSize: 12 }}>
          <b>{label}</b>
          <span
            style={{
              border: `1px solid ${theme.colors.border.medium}`,
              padding: '4px 8px',
              marginLeft: 6,
            }}
          >
            {values[name] === '.+' ? 'All' : values[name]}
          </span>
        </span>
      ))}
    </div>
  );
}
