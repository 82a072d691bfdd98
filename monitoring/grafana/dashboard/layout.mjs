/** Places rows of panels on Grafana's grid of 24 columns, from the top down, and numbers them. */

const COLUMNS = 24;

/**
 * Panels in reading order. A row is `{ title, panels, collapsed? }`; a panel brings its size in `gridPos` and goes to the
 * right of the one before, or below what is already there when the line is full.
 */
export function placed(rows) {
  let id = 0;
  let y = 0;
  return rows.flatMap(({ title, panels, collapsed = false }) => {
    const row = {
      type: 'row',
      id: ++id,
      title,
      collapsed,
      gridPos: { h: 1, w: COLUMNS, x: 0, y },
      panels: [],
    };
    y += 1;
    let x = 0;
    let tallest = 0;
    const inside = panels.map((panel) => {
      const { w, h } = panel.gridPos;
      if (x + w > COLUMNS) {
        x = 0;
        y += tallest;
        tallest = 0;
      }
      const at = { ...panel, id: ++id, gridPos: { h, w, x, y } };
      x += w;
      tallest = Math.max(tallest, h);
      return at;
    });
    y += tallest;
    return collapsed ? [{ ...row, panels: inside }] : [row, ...inside];
  });
}
