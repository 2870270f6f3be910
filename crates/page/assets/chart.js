// Charts whose axes, colours and panels can be chosen. Plotly draws them.

const charts = [];

class Chart {
  constructor(place, part) {
    Object.assign(this, { part, table: tables.get(part.table), isDrawn: false });
    const columns = [...this.table.columns.values()].filter((column) => column.varies);
    const swept = columns.filter((column) => part.swept.includes(column.name));
    const numbers = columns.filter((column) => column.isNumber && !swept.includes(column));
    const words = columns.filter((column) => !column.isNumber && !swept.includes(column) && column.name !== part.id);
    const few = words.filter((column) => distinct(column.values).length <= 24);
    this.controls = element("div", { className: "controls" });
    this.x = part.lines ? null : this.select("x", part.x.column, { swept, measured: numbers });
    this.y = part.lines ? null : this.select("y", part.y.column, { measured: numbers, swept: swept.filter((c) => c.isNumber) });
    this.logX = this.check(part.lines ? `log ${part.x.column}` : "log x", part.x.log);
    this.logY = this.check(part.lines ? `log ${part.y.column}` : "log y", part.y.log);
    this.colour = this.select("colour", part.colour ?? "", { swept, measured: numbers, other: few }, "one");
    const apart = columns.filter(
      (column) => (swept.includes(column) || few.includes(column)) && distinct(column.values).length <= 60,
    );
    this.panel = this.select("panels", part.panel ?? "", { swept: apart }, "one");
    this.mean =
      part.repeats.some((name) => this.table.columns.get(name).varies) && !part.lines
        ? this.check("mean ± sd over seeds", false)
        : null;
    this.plot = element("div", { className: "plot", role: "figure", ariaLabel: "chart" });
    this.remark = element("p", { className: "remark", role: "status" });
    place.classList.add("chart");
    place.append(this.controls, this.plot, this.remark);
    this.byLine = new Map(part.lines?.lines.map((line) => [line[0], line]) ?? []);
    this.table.watchers.push(() => {
      // Not for every letter of a filter.
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => {
        if (this.isDrawn && this.kept !== this.table.kept) this.draw();
      }, 150);
    });
    charts.push(this);
  }

  select(label, value, groups, none) {
    const options = (columns) =>
      columns.map((column) =>
        element("option", { value: column.name, title: column.meaning, selected: column.name === value }, column.name),
      );
    const made = element(
      "select",
      { onchange: () => this.draw(), name: label },
      ...(none ? [element("option", { value: "" }, none)] : []),
      ...Object.entries(groups)
        .filter(([, columns]) => columns.length)
        .map(([name, columns]) => element("optgroup", { label: name }, ...options(columns))),
    );
    if (![...made.options].some((option) => option.value === value) && this.table.columns.has(value)) {
      made.prepend(...options([this.table.columns.get(value)]));
    }
    made.value = value;
    this.controls.append(element("label", {}, label + " ", made));
    return made;
  }

  check(label, checked) {
    const made = element("input", { type: "checkbox", checked, name: label, onchange: () => this.draw() });
    this.controls.append(element("label", {}, made, " " + label));
    return made;
  }

  // The rows as marks: where they are, and what is said of them.
  marks() {
    const { table, part } = this;
    const of = (row) =>
      [part.id, ...part.swept]
        .filter((name) => table.columns.get(name).varies || name === part.id)
        .map((name) => `${name}: ${short(table.value(name, row))}`);
    const isOn = (value, isLog) => isThere(value) && (!isLog || !isNumber(value) || value > 0);
    const marks = [];
    for (const row of table.kept) {
      let xs, ys;
      if (part.lines) {
        const line = this.byLine.get(table.value(part.id, row));
        if (!line) continue;
        [xs, ys] = [part.lines.x[line[1]], line[2]];
      } else [xs, ys] = [[table.value(this.x.value, row)], [table.value(this.y.value, row)]];
      const kept = xs.map((_, i) => i).filter((i) => isOn(xs[i], this.logX.checked) && isOn(ys[i], this.logY.checked));
      if (!kept.length) continue;
      const [x, y] = [kept.map((i) => xs[i]), kept.map((i) => ys[i])];
      const said = of(row);
      if (!part.lines)
        for (const [name, at] of [
          [this.x.value, x],
          [this.y.value, y],
        ]) {
          if (!part.swept.includes(name)) said.push(`${name}: ${short(at[0])}`);
        }
      const shown = this.colour.value;
      if (shown && !part.swept.includes(shown) && !said.some((line) => line.startsWith(shown + ": "))) {
        said.push(`${shown}: ${short(table.value(shown, row))}`);
      }
      marks.push({ row, x, y, text: said.map(plain).join("<br>") });
    }
    return marks;
  }

  // How rows are coloured: groups of a colour each, or a scale.
  colouring(marks) {
    const name = this.colour.value;
    if (!name) return { groups: [{ key: null, label: "", colour: COLOURS[0], symbol: SYMBOLS[0] }], key: () => null };
    const column = this.table.columns.get(name);
    const values = distinct(marks.map((mark) => column.values[mark.row]));
    const isScale = column.isNumber && values.length > FEW;
    const isLog = isScale && values[0] > 0 && values.at(-1) / values[0] > 50;
    const place = (value) => (isLog ? Math.log10(value) : value);
    const [low, high] = [place(values[0]), place(values.at(-1))];
    const share = (value) => (place(value) - low) / (high - low);
    // Of more values than there are shades, neighbours share one.
    const isShared = isScale && values.length > SHADES;
    const key = (value) => (isShared ? `shade ${Math.round(share(value) * (SHADES - 1))}` : String(value));
    const group = (value, i) => ({
      key: key(value),
      label: short(value),
      colour: isScale ? viridis(share(value)) : COLOURS[i % COLOURS.length],
      symbol: isScale ? SYMBOLS[0] : SYMBOLS[Math.floor(i / COLOURS.length) % SYMBOLS.length],
    });
    const groups = [...new Map(values.map((value, i) => [key(value), group(value, i)])).values()];
    if (marks.some((mark) => !isThere(column.values[mark.row]))) {
      groups.push({ key: "–", label: "nothing", colour: "#888888", symbol: "x" });
    }
    const scale = isScale ? { low, high, isLog, name } : null;
    return { groups, key: (row) => (isThere(column.values[row]) ? key(column.values[row]) : "–"), scale };
  }

  draw() {
    this.isDrawn = true;
    const { part, table } = this;
    this.kept = table.kept;
    const marks = this.marks();
    const colouring = this.colouring(marks);
    const byPanel = this.panel.value ? table.columns.get(this.panel.value).values : null;
    const all = byPanel ? distinct(marks.map((mark) => byPanel[mark.row])) : [null];
    const panels = all.slice(0, MOST_PANELS);
    const traces = [];
    const named = new Set();
    panels.forEach((panel, at) => {
      const axes = { xaxis: at ? `x${at + 1}` : "x", yaxis: at ? `y${at + 1}` : "y" };
      const here = byPanel ? marks.filter((mark) => byPanel[mark.row] === panel) : marks;
      const groups = new Map(colouring.groups.map((group) => [group.key, []]));
      for (const mark of here) groups.get(colouring.key(mark.row))?.push(mark);
      for (const group of colouring.groups) {
        const inGroup = groups.get(group.key);
        if (!inGroup.length) continue;
        const isFirst = !named.has(group.key);
        named.add(group.key);
        const common = {
          ...axes,
          type: "scatter",
          legendgroup: `g${group.key}`,
          name: plain(group.label),
          showlegend: isFirst && !colouring.scale && colouring.groups.length > 1,
        };
        if (this.mean?.checked) traces.push(...this.means(inGroup, group, common));
        else if (part.lines) traces.push(this.joined(inGroup, group, common));
        else if (!colouring.scale) traces.push(this.dots(inGroup, group.colour, group.symbol, common));
      }
      if (colouring.scale && !part.lines && !this.mean?.checked) {
        // All shades in one, which is much faster.
        const shades = new Map(colouring.groups.map((group) => [group.key, group.colour]));
        const colours = here.map((mark) => shades.get(colouring.key(mark.row)));
        traces.push(this.dots(here, colours, SYMBOLS[0], { ...axes, type: "scatter", showlegend: false }));
      }
      traces.push(...this.laws(panel, axes, colouring, named));
    });
    if (colouring.scale) traces.push(scaleBar(colouring.scale));
    Plotly.react(this.plot, traces, this.layout(panels, colouring, marks), {
      responsive: true,
      displaylogo: false,
      showSendToCloud: false,
      plotlyServerURL: "",
      modeBarButtonsToRemove: ["select2d", "lasso2d"],
      toImageButtonOptions: { format: "svg", filename: `${data.title}-chart` },
    });
    if (!this.listens) {
      this.listens = true;
      this.plot.on("plotly_click", ({ points }) => {
        const row = points[0].data.rows?.[points[0].pointNumber];
        if (isThere(row)) table.choose(row);
      });
    }
    this.say(marks, all.length - panels.length);
  }

  // Dots of one colour, or of one each.
  dots(marks, color, symbol, common) {
    return {
      ...common,
      mode: "markers",
      x: marks.map((m) => m.x[0]),
      y: marks.map((m) => m.y[0]),
      rows: marks.map((m) => m.row),
      hovertext: marks.map((m) => m.text),
      hoverinfo: "text",
      marker: { color, symbol, size: marks.length > 300 ? 6 : 8, opacity: 0.85 },
    };
  }

  // Lines with gaps between rows.
  joined(marks, group, common) {
    const joined = { x: [], y: [], rows: [], hovertext: [] };
    for (const mark of marks) {
      joined.x.push(...mark.x, null);
      joined.y.push(...mark.y, null);
      for (let i = 0; i <= mark.x.length; i++) {
        joined.rows.push(mark.row);
        joined.hovertext.push(mark.text);
      }
    }
    const [x, y] = [this.part.x.column, this.part.y.column].map(plain);
    return {
      ...common,
      ...joined,
      mode: "lines",
      connectgaps: false,
      line: { color: group.colour, width: marks.length > 50 ? 1 : 1.6 },
      opacity: marks.length > 50 ? 0.8 : 1,
      hovertemplate: `%{hovertext}<br>${x}: %{x}<br>${y}: %{y:.4g}<extra></extra>`,
    };
  }

  // Means over what is repeated, a line for each setting, and a band of one standard deviation about it.
  means(marks, group, common) {
    const { table, part } = this;
    const apart = part.swept.filter((name) => !part.repeats.includes(name) && name !== this.x.value);
    const lines = new Map();
    for (const mark of marks) {
      const key = JSON.stringify(apart.map((name) => table.value(name, mark.row)));
      if (!lines.has(key)) lines.set(key, new Map());
      const at = lines.get(key);
      if (!at.has(mark.x[0])) at.set(mark.x[0], []);
      at.get(mark.x[0]).push(mark);
    }
    const [line, band] = [
      { x: [], y: [], rows: [], hovertext: [] },
      { x: [], y: [] },
    ];
    for (const at of lines.values()) {
      const upper = [],
        lower = [];
      for (const x of [...at.keys()].sort(compare)) {
        const here = at.get(x),
          ys = here.map((mark) => mark.y[0]);
        const mean = ys.reduce((sum, y) => sum + y, 0) / ys.length;
        const sd = ys.length < 2 ? 0 : Math.sqrt(ys.reduce((sum, y) => sum + (y - mean) ** 2, 0) / (ys.length - 1));
        const low = this.logY.checked && mean - sd <= 0 ? Math.min(...ys) : mean - sd;
        upper.push([x, mean + sd]);
        lower.unshift([x, low]);
        line.x.push(x);
        line.y.push(mean);
        line.rows.push(here[0].row);
        const said = [...apart, this.x.value]
          .filter((name) => table.columns.get(name).varies)
          .map((name) => `${name}: ${short(table.value(name, here[0].row))}`);
        line.hovertext.push(
          [...said, `${this.y.value}: ${short(mean)} ± ${short(sd)} (sd of ${ys.length})`].map(plain).join("<br>"),
        );
      }
      for (const [to, part] of [[line.x], [line.y], [line.rows], [line.hovertext]]) to.push(null);
      for (const [x, y] of [...upper, ...lower, upper[0]]) {
        band.x.push(x);
        band.y.push(y);
      }
      band.x.push(null);
      band.y.push(null);
    }
    return [
      {
        ...common,
        ...band,
        mode: "lines",
        line: { width: 0 },
        fill: "toself",
        fillcolor: faint(group.colour),
        hoverinfo: "skip",
        showlegend: false,
      },
      {
        ...common,
        ...line,
        mode: "lines+markers",
        hoverinfo: "text",
        line: { color: group.colour },
        marker: { color: group.colour, symbol: group.symbol, size: 7 },
      },
    ];
  }

  // The fitted laws of what is shown, each over the window of its fit.
  laws(panel, axes, colouring, named) {
    if (this.part.lines) return [];
    const fitting = this.part.laws.filter((law) => law.x === this.x.value && law.y === this.y.value);
    const isHere = (law) => panel === null || !(this.panel.value in law.of) || law.of[this.panel.value] === panel;
    return fitting
      .filter(isHere)
      .map((law) => {
        const key = this.colour.value in law.of ? String(law.of[this.colour.value] ?? "–") : null;
        const group = colouring.groups.find((known) => known.key === key && key !== null);
        // Where both axes are logarithmic it is straight.
        const n = this.logX.checked && this.logY.checked ? 1 : 40;
        const x = Array.from({ length: n + 1 }, (_, i) => law.from * (law.to / law.from) ** (i / n));
        const id = `law ${JSON.stringify(law.of)}`;
        const isNew = !named.has(id);
        named.add(id);
        return {
          ...axes,
          type: "scatter",
          mode: "lines",
          x,
          y: x.map((at) => law.coefficient * at ** -law.exponent),
          name: plain(group ? law.label : `${law.name}: ${law.label}`),
          legendgroup: group ? `g${group.key}` : id,
          showlegend: isNew && fitting.length <= MOST_LAWS,
          line: { color: group?.colour ?? "#888888", width: 1.5, dash: this.mean?.checked ? "dash" : "solid" },
          opacity: group ? 1 : 0.4,
          hoverinfo: "text",
          text: [law.name, law.label].map(plain).join("<br>"),
        };
      })
      .filter(
        (law) => this.kept.length === this.table.n || named.has(law.legendgroup.slice(1)) || !law.legendgroup.startsWith("g"),
      );
  }

  layout(panels, colouring, marks) {
    const { part } = this;
    const ends = (at) =>
      marks.reduce(
        ([low, high], mark) => mark[at].reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [low, high]),
        [Infinity, -Infinity],
      );
    const [endsX, endsY] = [ends("x"), ends("y")];
    const style = getComputedStyle(document.documentElement);
    const [ink, grid] = ["--ink", "--line"].map((name) => style.getPropertyValue(name).trim());
    const wide = this.plot.clientWidth || 900;
    const across = Math.min(panels.length, Math.max(1, Math.floor(wide / 280)), 4);
    const down = Math.ceil(panels.length / across);
    const isNarrow = wide < 560;
    const titles = [this.x?.value ?? part.x.column, this.y?.value ?? part.y.column].map(plain);
    const isWords = (select) => select && !this.table.columns.get(select.value).isNumber;
    const most = panels.length > 1 ? 20 : 1e4; // Of an axis with labels at 2 and 5.
    const kind = (select, isLog, [low, high]) => {
      if (isWords(select)) return { type: "category", categoryorder: "category ascending" };
      if (!isLog) return { type: "linear", exponentformat: "none" };
      return { type: "log", exponentformat: "power", dtick: high / low < most ? "D2" : undefined };
    };
    const axis = (...of) => ({
      ...kind(...of),
      gridcolor: grid,
      linecolor: ink,
      zeroline: false,
      automargin: true,
      ticks: "outside",
      tickcolor: grid,
    });
    const hasLegend = colouring.groups.length > 1 || part.laws.length;
    const layout = {
      font: { color: ink, family: "system-ui, sans-serif", size: 13 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      height: Math.max(down * (panels.length > 1 ? 260 : 460), 320) + (isNarrow && hasLegend ? 120 : 0),
      margin: { l: 60, r: 15, t: panels.length > 1 ? 50 : 30, b: 50 },
      hovermode: "closest",
      hoverlabel: { align: "left" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: style.getPropertyValue("--dim").trim(), activecolor: ink },
      uirevision: [...titles, this.panel.value, this.logX.checked, this.logY.checked].join(),
      legend: {
        uirevision: this.colour.value,
        ...(isNarrow ? { orientation: "h", y: -0.2 } : { title: { text: plain(this.colour.value) } }),
      },
      annotations: [],
      showlegend: !colouring.scale || part.laws.length > 0,
    };
    if (colouring.scale && !isNarrow) layout.legend.x = 1.16;
    const gap = { x: 0.05, y: down > 1 ? 0.32 / down : 0 };
    panels.forEach((panel, at) => {
      const [column, row] = [at % across, Math.floor(at / across)];
      const width = (1 - gap.x * (across - 1)) / across,
        height = (1 - gap.y * (down - 1)) / down;
      const [left, top] = [column * (width + gap.x), 1 - row * (height + gap.y)];
      const n = at ? at + 1 : "";
      const isLast = at + across >= panels.length;
      layout[`xaxis${n}`] = {
        ...axis(this.x, this.logX.checked, endsX),
        anchor: `y${n}`,
        domain: [left, left + width],
        matches: at ? "x" : undefined,
        title: isLast ? { text: titles[0] } : undefined,
      };
      layout[`yaxis${n}`] = {
        ...axis(this.y, this.logY.checked, endsY),
        anchor: `x${n}`,
        domain: [Math.max(top - height, 0), top],
        matches: at ? "y" : undefined,
        title: column ? undefined : { text: titles[1] },
        showticklabels: column === 0,
      };
      if (panel !== null)
        layout.annotations.push({
          text: plain(`${this.panel.value}: ${short(panel)}`),
          showarrow: false,
          xref: "paper",
          yref: "paper",
          x: left + width / 2,
          y: top,
          xanchor: "center",
          yanchor: "bottom",
          font: { size: 12 },
        });
    });
    return layout;
  }

  // What the axes mean, and what is not shown.
  say(marks, morePanels) {
    const { part, table } = this;
    const meaning = (select, at) => [
      select?.value ?? part[at].column,
      select ? table.columns.get(select.value).meaning : part.lines.meanings[at === "x" ? 0 : 1],
    ];
    const said = [
      ["x", this.x],
      ["y", this.y],
    ]
      .map(([at, select]) => meaning(select, at))
      .filter(([, text]) => text)
      .map(([name, text]) => `${name}: ${text}.`);
    if (table.kept.length < table.n) said.push(`The filter of the table keeps ${table.kept.length} of ${table.n} rows.`);
    const lost = table.kept.length - marks.length;
    if (lost) said.push(`${lost} of ${table.kept.length} rows have no place here: no value, or none that a logarithmic axis has.`);
    if (morePanels > 0) said.push(`${morePanels} more panels are not shown.`);
    if (part.lines && part.lines.kept < part.lines.of)
      said.push(`Of each line ${part.lines.kept} of ${part.lines.of} points are here.`);
    this.remark.textContent = said.join(" ");
  }
}

// A mark without a place, for the colour bar.
function scaleBar({ low, high, isLog, name }) {
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4);
  const tick = (at) => short(Number((isLog ? 10 ** at : at).toPrecision(3)));
  return {
    type: "scatter",
    mode: "markers",
    x: [null],
    y: [null],
    showlegend: false,
    hoverinfo: "skip",
    marker: {
      color: [low],
      cmin: low,
      cmax: high,
      showscale: true,
      colorscale: VIRIDIS.map((_, i) => [i / (VIRIDIS.length - 1), viridis(i / (VIRIDIS.length - 1))]),
      colorbar: {
        title: { text: plain(name), side: "top" },
        thickness: 14,
        outlinewidth: 0,
        tickvals: ticks,
        ticktext: ticks.map(tick),
      },
    },
  };
}
