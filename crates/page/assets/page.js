// What a page does when it is opened.

// Words to choose sections by.
function tally(place, part) {
  let chosen = null;
  const buttons = part.counts.map(([word, n]) =>
    element(
      "button",
      {
        type: "button",
        ariaPressed: "false",
        "data-word": word,
        onclick: () => choose(chosen === word ? null : word),
      },
      element("strong", {}, String(n)),
      ` ${word}`,
    ),
  );
  const choose = (word) => {
    chosen = word;
    buttons.forEach((button) => (button.ariaPressed = String(button.dataset.word === word)));
    for (const section of document.querySelectorAll("main > section")) {
      const parts = [...section.querySelectorAll(".part")].map((at) => data.parts[at.dataset.part]);
      const shown = parts
        .filter(({ kind, table }) => kind === "listing" && tables.get(table).columns.has(part.column))
        .map(({ table }) => tables.get(table));
      shown.forEach((table) => {
        const { values } = table.columns.get(part.column);
        table.kept = values.map((_, row) => row).filter((row) => word === null || values[row] === word);
        table.tell();
      });
      section.hidden = shown.length > 0 && shown.every((table) => table.kept.length === 0);
    }
  };
  place.classList.add("tally");
  place.append(...buttons);
}

for (const place of document.querySelectorAll("[data-part]")) {
  const part = data.parts[place.dataset.part];
  if (part.kind === "chart") new Chart(place, part);
  else if (part.kind === "listing") new Listing(place, part);
  else tally(place, part);
}

// A chart is drawn when it comes into view, and all before the page is printed.
const draw = (chart) => {
  if (!chart.isDrawn) chart.draw();
};
const watcher = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) draw(charts.find((chart) => chart.plot === target));
  },
  { rootMargin: "200px" },
);
charts.forEach((chart) => watcher.observe(chart.plot));
addEventListener("beforeprint", () => charts.forEach(draw));
darkness.addEventListener("change", () => charts.filter((chart) => chart.isDrawn).forEach((chart) => chart.draw()));
